package uk.causeway.oracle;

import ca.uhn.fhir.validation.ValidationResult;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code time FILE --package PATH… [--profile URL…] [--warm-up S] [--seconds S]}: validates the lines of
 * an NDJSON file of resources again and again, on one thread, and prints one JSON line: how many in how
 * much processor time of the whole process (collector and compiler threads included), after a warm-up.
 */
final class Timing {
    private Timing() {}

    static void main(String[] arguments) throws IOException {
        List<Path> packages = new ArrayList<>();
        List<String> profiles = new ArrayList<>();
        Path file = null;
        double warmUp = 0;
        double seconds = 0;
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--package" -> packages.add(Path.of(arguments[++i]));
                case "--profile" -> profiles.add(arguments[++i]);
                case "--warm-up" -> warmUp = Double.parseDouble(arguments[++i]);
                case "--seconds" -> seconds = Double.parseDouble(arguments[++i]);
                default -> file = Path.of(arguments[i]);
            }
        }
        if (file == null || packages.isEmpty()) {
            throw new IllegalArgumentException("time FILE --package PATH… [--profile URL…] [--warm-up S] [--seconds S]");
        }
        List<String> lines =
                Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
        Engine engine = new Engine(packages);
        Tally tally = new Tally();
        tally.add(engine.validate(lines.get(0), profiles));
        long began = 0;
        if (seconds > 0) {
            int next = 0;
            long start = Oracle.cpuNanos();
            while (Oracle.cpuNanos() - start < warmUp * 1e9) {
                engine.validate(lines.get(next++ % lines.size()), profiles);
            }
            tally = new Tally();
            began = Oracle.cpuNanos();
            while (Oracle.cpuNanos() - began < seconds * 1e9) {
                tally.add(engine.validate(lines.get(next++ % lines.size()), profiles));
            }
        }
        JsonObject figures = new JsonObject();
        figures.addProperty("resources", tally.valid + tally.invalid);
        figures.addProperty("cpu", (Oracle.cpuNanos() - began) / 1e9);
        figures.addProperty("valid", tally.valid);
        figures.addProperty("invalid", tally.invalid);
        figures.addProperty("peak_kb", Oracle.peakMemory());
        System.out.println(new Gson().toJson(figures));
    }

    private static final class Tally {
        long valid;
        long invalid;

        void add(ValidationResult result) {
            if (result.isSuccessful()) {
                valid++;
            } else {
                invalid++;
            }
        }
    }
}
