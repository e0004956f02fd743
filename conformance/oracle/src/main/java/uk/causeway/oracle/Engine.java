package uk.causeway.oracle;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.IssueSeverity;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import ca.uhn.fhir.validation.ValidationResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/** HAPI's instance validator over given packages, offline. Safe for many threads. */
final class Engine {
    private static final Pattern NOT_LOCAL = Pattern.compile("The type (\\w+) is not legal.*", Pattern.DOTALL);

    private static final Pattern PROFILE = Pattern.compile("(?:reference '|url=)([^'\\s]*)");
    private static final Pattern UNKNOWN = Pattern.compile("The extension (\\S+) .*", Pattern.DOTALL);

    private final FhirValidator validator;
    private final Packages packages;
    final int definitions;

    Engine(List<Path> packages) throws IOException {
        FhirContext context = FhirContext.forR4();
        Packages loaded = new Packages(context, packages);
        this.packages = loaded;
        definitions = loaded.size();
        // A code of a system that no package has cannot be judged offline. At severity "information" the
        // chain answers that such a code is allowed; at "warning" it gives an answer without a code, which
        // the validator takes for a refusal wherever a code stands alone (Quantity, code). The in-memory
        // service still refuses what a complete code system or an enumerable value set does not have.
        UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
        unknown.setNonExistentCodeSystemSeverity(IssueSeverity.INFORMATION);
        InMemoryTerminologyServerValidationSupport terminology =
                new InMemoryTerminologyServerValidationSupport(context);
        terminology.setIssueSeverityForCodeDisplayMismatch(IssueSeverity.WARNING);
        IValidationSupport support = new ValidationSupportChain(
                loaded,
                new SnapshotGeneratingValidationSupport(context),
                new CommonCodeSystemsTerminologyService(context),
                terminology,
                unknown);
        FhirInstanceValidator instance = new FhirInstanceValidator(support);
        instance.setWrappedWorkerContext(support, new Context(support));
        // An unknown extension is an error where its url lies in the space of a package that is here: that
        // package would define it. Elsewhere it may well be known to others. HAPI takes a list of spaces that
        // are open; this is all but a list, so isArtefact() below does the rest.
        instance.setAnyExtensionsAllowed(false);
        instance.setErrorForUnknownProfiles(true);
        // Official examples live at example.org; that is no fault of a record.
        instance.setAllowExamples(true);
        // Type/id and .../Type/id are taken to name a resource of that type, so that the target type is checked.
        instance.setAssumeValidRestReferences(true);
        validator = context.newValidator();
        validator.registerValidatorModule(instance);
    }

    ValidationResult validate(String text, List<String> profiles) {
        ValidationOptions options = new ValidationOptions();
        profiles.forEach(options::addProfile);
        return validator.validateWithResult(text, options);
    }

    /** Whether a message is no fault of the resource: see the three cases. */
    boolean isArtefact(SingleValidationMessage message) {
        String id = String.valueOf(message.getMessageId());
        if (id.equals("SD_TYPE_NOT_LOCAL")) {
            // HAPI does not tell the engine which package a definition is from, so that every
            // StructureDefinition for one of R4's own types is said to be for a type that R4 does not have.
            Matcher named = NOT_LOCAL.matcher(message.getMessage());
            return named.matches() && packages.fetchStructureDefinition(named.group(1)) != null;
        }
        if (id.equalsIgnoreCase("Extension_EXT_Unknown_NotHere")) {
            Matcher named = UNKNOWN.matcher(message.getMessage());
            boolean modifier = String.valueOf(message.getLocationString()).contains("modifierExtension");
            return !modifier && named.matches() && !packages.isSpace(named.group(1));
        }
        if (id.toUpperCase(Locale.ROOT).startsWith("VALIDATION_VAL_PROFILE_UNKNOWN")) {
            // As with extensions: an error where a package that is here would define the profile.
            Matcher named = PROFILE.matcher(message.getMessage());
            return named.find() && !packages.isSpace(named.group(1));
        }
        return false;
    }
}
