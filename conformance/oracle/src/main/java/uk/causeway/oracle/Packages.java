package uk.causeway.oracle;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.parser.LenientErrorHandler;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * The definitions of FHIR packages, each parsed when first asked for. Where several packages define
 * one url, the highest version answers a canonical without a version, as in the reference validator.
 */
final class Packages implements IValidationSupport {
    private final FhirContext context;
    private final Map<String, List<Definition>> structures = new TreeMap<>();
    private final Map<String, List<Definition>> valueSets = new TreeMap<>();
    private final Map<String, List<Definition>> codeSystems = new TreeMap<>();
    private final Map<String, List<Definition>> searchParameters = new TreeMap<>();
    private final Set<String> spaces = new HashSet<>();
    private final Map<Definition, IBaseResource> parsed = new ConcurrentHashMap<>();

    /** One definition, not yet parsed. Compared by identity. */
    private static final class Definition {
        final String version;
        final byte[] text;

        Definition(String version, byte[] text) {
            this.version = version == null ? "" : version;
            this.text = text;
        }
    }

    Packages(FhirContext context, List<Path> paths) throws IOException {
        this.context = context;
        for (Path path : paths) {
            if (Files.isDirectory(path)) {
                readFolder(path);
            } else {
                readArchive(path);
            }
        }
    }

    private void readFolder(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                if (file.toString().endsWith(".json")) {
                    add(Files.readAllBytes(file));
                }
            }
        }
    }

    private void readArchive(Path archive) throws IOException {
        try (InputStream file = new BufferedInputStream(Files.newInputStream(archive));
                TarArchiveInputStream tar = new TarArchiveInputStream(new GzipCompressorInputStream(file))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                String name = entry.getName();
                boolean atTop = name.startsWith("package/") && name.indexOf('/', 8) < 0;
                if (atTop && name.endsWith(".json") && !name.endsWith("/.index.json") && !name.endsWith("/package.json")) {
                    add(tar.readAllBytes());
                }
            }
        }
    }

    private void add(byte[] text) throws IOException {
        String type = null;
        String url = null;
        String version = null;
        String content = null;
        JsonReader reader =
                new JsonReader(new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.UTF_8));
        reader.beginObject();
        while (reader.hasNext()) {
            String name = reader.nextName();
            boolean isText = reader.peek() == JsonToken.STRING;
            if (isText && name.equals("resourceType")) {
                type = reader.nextString();
            } else if (isText && name.equals("url")) {
                url = reader.nextString();
            } else if (isText && name.equals("version")) {
                version = reader.nextString();
            } else if (isText && name.equals("content")) {
                content = reader.nextString();
            } else {
                reader.skipValue();
            }
        }
        if (type == null || url == null || (type.equals("CodeSystem") && "not-present".equals(content))) {
            // A code system without its codes (SNOMED CT, LOINC) is unknown offline: see Engine.
            return;
        }
        Map<String, List<Definition>> kind =
                switch (type) {
                    case "StructureDefinition" -> structures;
                    case "ValueSet" -> valueSets;
                    case "CodeSystem" -> codeSystems;
                    case "SearchParameter" -> searchParameters;
                    default -> null;
                };
        if (kind == structures && url.indexOf('/') >= 0) {
            spaces.add(url.substring(0, url.lastIndexOf('/')));
        }
        if (kind != null) {
            List<Definition> all = kind.computeIfAbsent(url, key -> new ArrayList<>());
            all.add(new Definition(version, text));
            all.sort(Comparator.comparing((Definition found) -> found.version, Packages::compareVersions).reversed());
        }
    }

    /** Compares dotted versions number by number; a part that is no number is compared as text. */
    static int compareVersions(String left, String right) {
        String[] a = left.split("[.-]");
        String[] b = right.split("[.-]");
        for (int i = 0; i < Math.min(a.length, b.length); i++) {
            boolean numbers = a[i].matches("\\d{1,9}") && b[i].matches("\\d{1,9}");
            int order = numbers
                    ? Integer.compare(Integer.parseInt(a[i]), Integer.parseInt(b[i]))
                    : a[i].compareTo(b[i]);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(a.length, b.length);
    }

    private IBaseResource find(Map<String, List<Definition>> kind, String canonical) {
        if (canonical == null) {
            return null;
        }
        int bar = canonical.indexOf('|');
        String url = bar < 0 ? canonical : canonical.substring(0, bar);
        String version = bar < 0 ? null : canonical.substring(bar + 1);
        for (Definition found : kind.getOrDefault(url, List.of())) {
            if (version == null || found.version.equals(version) || found.version.startsWith(version + ".")) {
                return parse(found);
            }
        }
        return null;
    }

    private IBaseResource parse(Definition definition) {
        return parsed.computeIfAbsent(definition, missing -> context.newJsonParser()
                .setParserErrorHandler(new LenientErrorHandler(false))
                .parseResource(new String(missing.text, StandardCharsets.UTF_8)));
    }

    @SuppressWarnings("unchecked")
    private <T extends IBaseResource> List<T> all(Map<String, List<Definition>> kind) {
        List<T> found = new ArrayList<>();
        kind.values().forEach(versions -> found.add((T) parse(versions.get(0))));
        return found;
    }

    /** Whether a url lies beside that of a definition that is here: the same up to its last slash. */
    boolean isSpace(String url) {
        int slash = url.lastIndexOf('/');
        return slash > 0 && spaces.contains(url.substring(0, slash));
    }

    int size() {
        return structures.size() + valueSets.size() + codeSystems.size() + searchParameters.size();
    }

    @Override
    public FhirContext getFhirContext() {
        return context;
    }

    @Override
    public List<IBaseResource> fetchAllConformanceResources() {
        List<IBaseResource> found = new ArrayList<>();
        found.addAll(all(structures));
        found.addAll(all(valueSets));
        found.addAll(all(codeSystems));
        return found;
    }

    @Override
    public <T extends IBaseResource> List<T> fetchAllStructureDefinitions() {
        return all(structures);
    }

    @Override
    public <T extends IBaseResource> List<T> fetchAllSearchParameters() {
        return all(searchParameters);
    }

    @Override
    public IBaseResource fetchStructureDefinition(String url) {
        // R4 core names its types by their full urls; callers also ask by the bare name.
        String full = url != null && url.indexOf('/') < 0 ? "http://hl7.org/fhir/StructureDefinition/" + url : url;
        return find(structures, full);
    }

    @Override
    public IBaseResource fetchValueSet(String url) {
        return find(valueSets, url);
    }

    @Override
    public IBaseResource fetchCodeSystem(String url) {
        return find(codeSystems, url);
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T extends IBaseResource> T fetchResource(Class<T> type, String uri) {
        String name = type == null ? "" : type.getSimpleName();
        IBaseResource found =
                switch (name) {
                    case "StructureDefinition" -> fetchStructureDefinition(uri);
                    case "ValueSet" -> fetchValueSet(uri);
                    case "CodeSystem" -> fetchCodeSystem(uri);
                    case "SearchParameter" -> find(searchParameters, uri);
                    default -> null;
                };
        return type != null && type.isInstance(found) ? (T) found : null;
    }

    @Override
    public boolean isCodeSystemSupported(
            ca.uhn.fhir.context.support.ValidationSupportContext support, String system) {
        return fetchCodeSystem(system) != null;
    }

    @Override
    public boolean isValueSetSupported(ca.uhn.fhir.context.support.ValidationSupportContext support, String url) {
        return fetchValueSet(url) != null;
    }
}
