package uk.causeway.oracle;

import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationResult;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reads cases as NDJSON from standard input and prints a verdict a line, in input order.
 *
 * <p>A case is {@code {"case": name, "profiles": [url…], "resource": {…}}}, or has {@code "text"} (JSON
 * or XML, byte for byte) instead of {@code "resource"}; a line with a {@code resourceType} is a
 * resource itself. A verdict is {@code {"case", "valid", "issues": [{"severity", "location",
 * "messageId", "text"}]}}; without {@code --all}, issues are errors and fatal ones only. Figures go to
 * standard error as one JSON line.
 */
public final class Oracle {
    private static final String USAGE =
            "usage: oracle --package PATH… [--profile URL…] [--threads N] [--passes N] [--quiet] [--all] < cases.ndjson";

    private final List<Path> packages = new ArrayList<>();
    private final List<String> profiles = new ArrayList<>();
    private int threads = 1;
    private int passes = 1;
    private boolean quiet;
    private boolean all;
    private Engine engine;
    private long firstVerdict;

    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0 && arguments[0].equals("time")) {
            Timing.main(Arrays.copyOfRange(arguments, 1, arguments.length));
            return;
        }
        Oracle oracle = new Oracle();
        oracle.parse(arguments);
        oracle.run();
    }

    private void parse(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            switch (arguments[i]) {
                case "--package" -> packages.add(Path.of(arguments[++i]));
                case "--profile" -> profiles.add(arguments[++i]);
                case "--threads" -> threads = Integer.parseInt(arguments[++i]);
                case "--passes" -> passes = Integer.parseInt(arguments[++i]);
                case "--quiet" -> quiet = true;
                case "--all" -> all = true;
                default -> throw new IllegalArgumentException(USAGE);
            }
        }
        if (packages.isEmpty()) {
            throw new IllegalArgumentException(USAGE);
        }
    }

    private void run() throws IOException, InterruptedException, ExecutionException {
        engine = new Engine(packages);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        List<String> kept = new ArrayList<>();
        for (int pass = 0; pass < passes; pass++) {
            long cpu = cpuNanos();
            long wall = System.nanoTime();
            long count = 0;
            ArrayDeque<Future<String>> waiting = new ArrayDeque<>();
            if (pass == 0) {
                for (String line = input.readLine(); line != null; line = input.readLine()) {
                    if (line.isBlank()) {
                        continue;
                    }
                    if (passes > 1) {
                        kept.add(line);
                    }
                    submit(pool, waiting, output, line);
                    count++;
                }
            } else {
                for (String line : kept) {
                    submit(pool, waiting, output, line);
                    count++;
                }
            }
            while (!waiting.isEmpty()) {
                print(output, waiting.remove().get());
            }
            output.flush();
            figures(pass, count, cpuNanos() - cpu, System.nanoTime() - wall);
        }
        pool.shutdown();
    }

    private void submit(ExecutorService pool, ArrayDeque<Future<String>> waiting, PrintStream output, String line)
            throws InterruptedException, ExecutionException {
        waiting.add(pool.submit(() -> verdict(line)));
        if (waiting.size() > threads * 4) {
            print(output, waiting.remove().get());
        }
    }

    private void print(PrintStream output, String verdict) {
        if (!quiet) {
            output.println(verdict);
            output.flush();
        }
    }

    private String verdict(String line) {
        JsonObject answer = new JsonObject();
        JsonObject asked = JsonParser.parseString(line).getAsJsonObject();
        String text = line;
        List<String> against = new ArrayList<>(profiles);
        if (!asked.has("resourceType")) {
            answer.add("case", asked.get("case"));
            text = asked.has("text") ? asked.get("text").getAsString() : asked.get("resource").toString();
            if (asked.has("profiles")) {
                for (JsonElement profile : asked.getAsJsonArray("profiles")) {
                    against.add(profile.getAsString());
                }
            }
        }
        JsonArray issues = new JsonArray();
        boolean valid = true;
        try {
            ValidationResult result = engine.validate(text, against);
            for (SingleValidationMessage message : result.getMessages()) {
                if (engine.isArtefact(message)) {
                    continue;
                }
                boolean error = message.getSeverity().ordinal() >= ResultSeverityEnum.ERROR.ordinal();
                valid &= !error;
                if (error || all) {
                    issues.add(issue(message));
                }
            }
        } catch (RuntimeException | Error failure) {
            valid = false;
            JsonObject issue = new JsonObject();
            issue.addProperty("severity", "fatal");
            issue.addProperty("messageId", "EXCEPTION");
            issue.addProperty("text", String.valueOf(failure));
            issues.add(issue);
        }
        answer.addProperty("valid", valid);
        answer.add("issues", issues);
        synchronized (this) {
            if (firstVerdict == 0) {
                firstVerdict = System.currentTimeMillis();
            }
        }
        return new Gson().toJson(answer);
    }

    private static JsonObject issue(SingleValidationMessage message) {
        JsonObject issue = new JsonObject();
        issue.addProperty("severity", message.getSeverity().getCode());
        issue.addProperty("location", message.getLocationString());
        issue.addProperty("messageId", message.getMessageId());
        issue.addProperty("text", message.getMessage());
        return issue;
    }

    static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    private void figures(int pass, long count, long cpu, long wall) throws IOException {
        long started = ManagementFactory.getRuntimeMXBean().getStartTime();
        JsonObject figures = new JsonObject();
        figures.addProperty("pass", pass);
        figures.addProperty("resources", count);
        figures.addProperty("definitions", engine.definitions);
        figures.addProperty("threads", threads);
        figures.addProperty("cpu_seconds", cpu / 1e9);
        figures.addProperty("wall_seconds", wall / 1e9);
        figures.addProperty("process_cpu_seconds", cpuNanos() / 1e9);
        figures.addProperty("first_verdict_ms_after_start", firstVerdict - started);
        figures.addProperty("peak_memory_kib", peakMemory());
        System.err.println(new Gson().toJson(figures));
    }

    /** The peak resident set, where the system tells it (Linux); else the peak heap. */
    static long peakMemory() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (Files.exists(status)) {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("VmHWM:")) {
                    return Long.parseLong(line.replaceAll("\\D", ""));
                }
            }
        }
        return Runtime.getRuntime().totalMemory() / 1024;
    }
}
