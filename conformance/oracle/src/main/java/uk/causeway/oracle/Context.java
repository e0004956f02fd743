package uk.causeway.oracle;

import ca.uhn.fhir.context.support.IValidationSupport;
import java.io.IOException;
import java.io.InputStream;
import org.fhir.ucum.UcumEssenceService;
import org.fhir.ucum.UcumException;
import org.fhir.ucum.UcumService;
import org.hl7.fhir.common.hapi.validation.validator.WorkerContextValidationSupportAdapter;

/** HAPI's context with the UCUM service that quantities are compared with; HAPI's own has none. */
final class Context extends WorkerContextValidationSupportAdapter {
    private final UcumService units;

    Context(IValidationSupport support) throws IOException {
        super(support);
        try (InputStream essence = Context.class.getResourceAsStream("/ucum-essence.xml")) {
            units = new UcumEssenceService(essence);
        } catch (UcumException broken) {
            throw new IOException(broken);
        }
    }

    @Override
    public UcumService getUcumService() {
        return units;
    }
}
