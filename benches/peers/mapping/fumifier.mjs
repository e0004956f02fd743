// The npm package `fumifier` on the mapping that row-to-fhir/mapping.yaml describes. Usage:
//
//   node fumifier.mjs ROWS.csv --packages FOLDER [--uk-core] [--plain] [--warm-up W] [--seconds S]
//
// ROWS.csv has no quoted cells. FOLDER is a cache of FHIR packages as `cargo xtask peers` lays it out;
// nothing is fetched. Rows are mapped in turn until W seconds of this process's CPU time have gone
// (user and system, every thread), then until S more have; one line of JSON is printed about these.
// Without --seconds the first row is mapped once and what came of it is printed.
//
// --plain is the same output as an object literal, which is JSONata: no profile is asked.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fumifier from 'fumifier';
import { FhirPackageExplorer } from 'fhir-package-explorer';
import { FhirSnapshotGenerator } from 'fhir-snapshot-generator';
import { FhirStructureNavigator } from '@outburn/structure-navigator';
import { FhirTerminologyRuntime } from 'fhir-terminology-runtime';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    packages: { type: 'string' },
    'uk-core': { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
    'warm-up': { type: 'string', default: '0' },
    seconds: { type: 'string', default: '0' },
  },
});

const R4 = 'hl7.fhir.r4.core@4.0.1';
const UK_CORE = 'fhir.r4.ukcore.stu3.currentbuild@2.0.0-currentbuild.20250620';

const status = `
    * coding
      * system = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland'
      * code = '02'
      * display = 'Number present but not traced'`;

// A profile brings the identifier's system, the LOINC coding and the unit's name; R4 brings nothing.
const flash = (uk) => `(
$patient := (
InstanceOf: ${uk ? 'UKCore-Patient' : 'Patient'}
* id = 'patient-' & ID
* identifier${uk ? '[nhsNumber]' : ''}
  ${uk ? '' : `* system = 'https://fhir.nhs.uk/Id/nhs-number'`}
  * value = \`NHS Number\`
  * extension${uk ? '[nhsNumberVerificationStatus].value' : ''}${
    uk
      ? status
      : `
    * url = 'https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus'
    * valueCodeableConcept.coding
      * system = 'https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland'
      * code = '02'
      * display = 'Number present but not traced'`
  }
* name
  * use = 'official'
  * family = \`Last Name\`
  * given = \`First Name\`
* gender = Sex = 'Male' ? 'male' : 'female'
* birthDate = DOB
);
$weight := (
InstanceOf: ${uk ? 'UKCore-Observation-VitalSigns-BodyWeight' : 'Observation'}
* id = 'weight-' & ID
* status = 'final'
* category
  * coding
    * system = 'http://terminology.hl7.org/CodeSystem/observation-category'
    * code = 'vital-signs'
* code
  ${
    uk
      ? ''
      : `* coding
    * system = 'http://loinc.org'
    * code = '29463-7'`
  }
  * coding${uk ? '[snomedCT]' : ''}
    * system = 'http://snomed.info/sct'
    * code = '27113001'
    * display = 'Body weight'
* subject.reference = 'Patient/patient-' & ID
* effectiveDateTime = Weighed
* valueQuantity
  * value = $number(\`Weight (kg)\`)
  * unit = 'kilogram'
  * system = 'http://unitsofmeasure.org'
  * code = 'kg'
);
[$patient, $weight]
)`;

const plain = `[
{
  "resourceType": "Patient",
  "id": "patient-" & ID,
  "identifier": [{
    "extension": [{
      "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
      "valueCodeableConcept": { "coding": [{
        "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
        "code": "02", "display": "Number present but not traced" }] }
    }],
    "system": "https://fhir.nhs.uk/Id/nhs-number",
    "value": \`NHS Number\`
  }],
  "name": [{ "use": "official", "family": \`Last Name\`, "given": [\`First Name\`] }],
  "gender": Sex = "Male" ? "male" : "female",
  "birthDate": DOB
},
{
  "resourceType": "Observation",
  "id": "weight-" & ID,
  "status": "final",
  "category": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs" }] }],
  "code": { "coding": [
    { "system": "http://loinc.org", "code": "29463-7" },
    { "system": "http://snomed.info/sct", "code": "27113001", "display": "Body weight" }] },
  "subject": { "reference": "Patient/patient-" & ID },
  "effectiveDateTime": Weighed,
  "valueQuantity": { "value": $number(\`Weight (kg)\`), "unit": "kilogram", "system": "http://unitsofmeasure.org", "code": "kg" }
}]`;

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const peakKilobytes = () =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

// It tells of every look-up that fails before one that does not; what counts is thrown.
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const fpe = await FhirPackageExplorer.create({
  context: values['uk-core'] ? [UK_CORE, R4] : [R4],
  cachePath: values.packages,
  fhirVersion: '4.0.1',
  skipExamples: true,
  // Nothing answers there: what is not in the folder is not to be had.
  registryUrl: 'http://127.0.0.1:9',
  logger,
});
const shared = { fpe, fhirVersion: '4.0.1', cacheMode: 'lazy', logger };
const navigator = new FhirStructureNavigator(await FhirSnapshotGenerator.create(shared), logger);
const terminologyRuntime = await FhirTerminologyRuntime.create(shared);
const compiled = await fumifier(values.plain ? plain : flash(values['uk-core']), {
  navigator,
  terminologyRuntime,
  logger,
});

const [header, ...lines] = readFileSync(positionals[0], 'utf8').split('\n').filter((line) => line !== '');
const names = header.split(',');
let next = 0;
const mapOne = async () => {
  const cells = lines[next++ % lines.length].split(',');
  const row = Object.fromEntries(names.map((name, index) => [name, cells[index]]));
  return JSON.stringify(await compiled.evaluate(row));
};

const seconds = Number(values.seconds);
if (seconds === 0) {
  console.log(await mapOne());
} else {
  const warm = cpuSeconds() + Number(values['warm-up']);
  while (cpuSeconds() < warm) await mapOne();
  const start = cpuSeconds();
  let rows = 0;
  while (cpuSeconds() - start < seconds) {
    for (let i = 0; i < 10; i++) await mapOne();
    rows += 10;
  }
  console.log(JSON.stringify({ rows, cpu: cpuSeconds() - start, peak_kb: peakKilobytes() }));
}
