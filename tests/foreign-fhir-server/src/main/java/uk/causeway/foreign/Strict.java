package uk.causeway.foreign;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.server.RequestDetails;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceVersionConflictException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import ca.uhn.fhir.rest.server.provider.HashMapResourceProvider;
import ca.uhn.fhir.util.ResourceReferenceInfo;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.Resource;

/**
 * HAPI's own provider that keeps resources in memory, with what its database server checks besides:
 * what is referred to is there, what is deleted is not referred to, and {@code If-Match} holds.
 */
public final class Strict extends HashMapResourceProvider<Resource> {
  private final FhirContext context;
  private final Kept kept;

  Strict(FhirContext context, Class<Resource> kind, Kept kept) {
    super(context, kind);
    this.context = context;
    this.kept = kept;
  }

  @Override
  public synchronized MethodOutcome update(
      Resource resource, String conditional, RequestDetails request) {
    String key = resource.fhirType() + "/" + resource.getIdElement().getIdPart();
    String expected = request.getHeader("If-Match");
    if (expected != null) {
      Resource stored = kept.current.get(key);
      String actual = stored == null ? "none" : "W/\"" + stored.getMeta().getVersionId() + "\"";
      if (!expected.equals(actual)) {
        throw new PreconditionFailedException("the version is " + actual);
      }
    }
    for (String target : targets(resource)) {
      if (!target.equals(key) && !kept.current.containsKey(target)) {
        throw new UnprocessableEntityException("what it refers to is not here: " + target);
      }
    }
    MethodOutcome outcome = super.update(resource, conditional, request);
    kept.current.put(key, (Resource) outcome.getResource());
    return outcome;
  }

  @Override
  public synchronized MethodOutcome delete(IIdType id, RequestDetails request) {
    String key = id.getResourceType() + "/" + id.getIdPart();
    for (Resource other : kept.current.values()) {
      String holder = other.fhirType() + "/" + other.getIdElement().getIdPart();
      if (!holder.equals(key) && targets(other).contains(key)) {
        throw new ResourceVersionConflictException("another resource refers to it");
      }
    }
    MethodOutcome outcome = super.delete(id, request);
    kept.current.remove(key);
    return outcome;
  }

  private java.util.Set<String> targets(IBaseResource resource) {
    java.util.Set<String> targets = new java.util.TreeSet<>();
    for (ResourceReferenceInfo info : context.newTerser().getAllResourceReferences(resource)) {
      IIdType target = info.getResourceReference().getReferenceElement();
      if (target.hasResourceType() && target.hasIdPart() && !target.isAbsolute()) {
        targets.add(target.getResourceType() + "/" + target.getIdPart());
      }
    }
    return targets;
  }
}
