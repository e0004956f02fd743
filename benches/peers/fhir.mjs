// The npm package `fhir`: structure and required codes of R4's own types.
import { createRequire } from 'node:module';
import { time, Unable } from './timing.mjs';

const { Fhir } = createRequire(import.meta.url)('fhir/fhir');

await time((profile) => {
  if (profile) throw new Unable('validates against the resource type only, never against a profile');
  const fhir = new Fhir();
  return (text) => fhir.validate(JSON.parse(text), { errorOnUnexpected: true }).valid;
});
