// How a validator of this folder is timed. Usage: node PEER.mjs FILE [--warm-up W] [--seconds S] [--profile URL --profiles NDJSON]
//
// FILE has a resource a line. The lines are validated in turn, each from its text, until W seconds of
// this process's CPU time (user and system, every thread) have gone since the first verdict; then on
// until S more have gone. One line of JSON is printed about the second part. Without --seconds only
// the first line is validated: start-up. With --verdicts each line is validated once and its verdict
// printed, a line each.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const cpuSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const peakKilobytes = () =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);

/**
 * @param load called once with the profile's URL and the definitions that came with it, or nothing;
 *   gives a function from a resource's text to whether it is valid, or throws Unable.
 */
export async function time(load) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'warm-up': { type: 'string', default: '0' },
      seconds: { type: 'string', default: '0' },
      profile: { type: 'string' },
      profiles: { type: 'string' },
      verdicts: { type: 'boolean', default: false },
    },
  });
  const lines = readFileSync(positionals[0], 'utf8').split('\n').filter((line) => line !== '');
  const definitions = values.profiles
    ? readFileSync(values.profiles, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))
    : [];
  let isValid;
  try {
    isValid = await load(values.profile, definitions);
  } catch (error) {
    if (!(error instanceof Unable)) throw error;
    console.log(JSON.stringify({ unable: error.message }));
    return;
  }
  if (values.verdicts) {
    for (const line of lines) console.log(JSON.stringify({ valid: isValid(line) }));
    return;
  }
  const counts = { valid: 0, invalid: 0 };
  let next = 0;
  const validateOne = () => {
    counts[isValid(lines[next++ % lines.length]) ? 'valid' : 'invalid'] += 1;
  };
  const seconds = Number(values.seconds);
  validateOne();
  let cpu = 0;
  if (seconds > 0) {
    const warm = cpuSeconds() + Number(values['warm-up']);
    while (cpuSeconds() < warm) for (let i = 0; i < 50; i++) validateOne();
    counts.valid = counts.invalid = 0;
    const start = cpuSeconds();
    while (cpu < seconds) {
      for (let i = 0; i < 50; i++) validateOne();
      cpu = cpuSeconds() - start;
    }
  }
  console.log(JSON.stringify({ resources: counts.valid + counts.invalid, cpu, ...counts, peak_kb: peakKilobytes() }));
}

/** What a validator cannot do at all. */
export class Unable extends Error {}
