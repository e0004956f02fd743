package uk.causeway.foreign;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.hl7.fhir.r4.model.Resource;

/** What stands on the server now, by {@code Type/id}, over all types. */
final class Kept {
  final Map<String, Resource> current = new ConcurrentHashMap<>();
}
