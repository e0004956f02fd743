package uk.causeway.foreign;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.server.IResourceProvider;
import ca.uhn.fhir.rest.server.RestfulServer;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.hl7.fhir.r4.model.Resource;
import org.hl7.fhir.r4.model.ResourceType;

/**
 * Starts the server on loopback, on a port that the system chooses, and prints it as
 * {@code PORT 12345}. It ends when its standard input ends, so that it never outlives a test.
 */
public final class Main {
  private static final List<String> TYPES =
      List.of(
          "AllergyIntolerance",
          "CarePlan",
          "Condition",
          "Consent",
          "Encounter",
          "EpisodeOfCare",
          "Flag",
          "Location",
          "MedicationStatement",
          "Observation",
          "Organization",
          "Patient",
          "Practitioner",
          "PractitionerRole",
          "Procedure",
          "RelatedPerson",
          "ServiceRequest");

  private Main() {}

  /** Serves until standard input ends. */
  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    RestfulServer fhir = new RestfulServer(context);
    Kept kept = new Kept();
    List<IResourceProvider> providers = new ArrayList<>();
    for (String type : TYPES) {
      @SuppressWarnings("unchecked")
      Class<Resource> kind =
          (Class<Resource>) context.getResourceDefinition(ResourceType.fromCode(type).name())
              .getImplementingClass();
      providers.add(new Strict(context, kind, kept));
    }
    fhir.setResourceProviders(providers);

    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    server.addConnector(connector);
    ServletContextHandler handler = new ServletContextHandler("/");
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println("PORT " + connector.getLocalPort());
    while (System.in.read() >= 0) {
      // Nothing is said to it.
    }
    server.stop();
  }
}
