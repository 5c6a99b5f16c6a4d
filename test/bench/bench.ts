import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLab, type Lab } from '../lab/index.ts';
import { median, range, roundTrips, seconds, timed } from './measure.ts';

// `npm run bench [-- HOSTS]`: kvmnet against the floor, both as whole processes, in turn, in one run on the lab. What counts
// is the ratio: both see the same machine in the same minute. Ends with code 1 where kvmnet takes more than its bound.

const bound = 1.5;
const rounds = Number(process.argv[3] ?? 5);
const count = Number(process.argv[2] ?? 50);
const root = fileURLToPath(new URL('../..', import.meta.url));
const main = join(root, 'dist/src/cli/main.js');
const playbook = join(root, 'test/bench/site.yml');

const lab = await createLab({ log: console.log });
const folder = mkdtempSync(join(tmpdir(), 'kvmnet-bench-'));
try {
  process.exitCode = await bench(lab);
} finally {
  await lab.down();
  rmSync(folder, { recursive: true });
}

async function bench(lab: Lab): Promise<number> {
  const hosts = await lab.bareHosts(count);
  const play = ['node', main, 'play', playbook, '-i', lab.inventoryPath, '-f', String(count), '--report', 'jsonl'];
  const first = await timed(lab, play);
  const script = join(folder, 'reads.sh');
  const record = [
    'npx',
    'tsx',
    join(root, 'test/bench/record.ts'),
    playbook,
    lab.inventoryPath,
    hosts[0]?.name ?? '',
    lab.home,
    script,
  ];
  await timed(lab, record);
  const floor = [
    'node',
    join(root, 'test/bench/floor.mjs'),
    script,
    lab.privateKeyPath,
    ...hosts.map(({ address }) => address),
  ];

  const kvmnetTimes: number[] = [];
  const floorTimes: number[] = [];
  let trips = 0;
  for (let round = 0; round <= rounds; round++) {
    const ours = await timed(lab, play);
    const theirs = await timed(lab, floor);
    trips = roundTrips(ours.stdout);
    // The first round warms the caches of disk and hosts.
    if (round === 0) continue;
    kvmnetTimes.push(ours.seconds);
    floorTimes.push(theirs.seconds);
  }
  const ratio = median(kvmnetTimes.map((time, i) => time / (floorTimes[i] ?? 1)));
  console.log(
    `${count} hosts, 20 tasks, ${availableParallelism()} cores, ${statSync(script).size} bytes of reads per host, ${rounds} rounds`,
  );
  console.log(`first run, everything changes  ${seconds(first.seconds)}`);
  console.log(
    `kvmnet, nothing to change      ${seconds(median(kvmnetTimes))}  (${range(kvmnetTimes)})  at most ${trips} round trips a host`,
  );
  console.log(`floor: one login, one exec     ${seconds(median(floorTimes))}  (${range(floorTimes)})`);
  console.log(`ratio, median of the rounds    ${ratio.toFixed(2)}  (bound ${bound})`);
  return ratio <= bound ? 0 : 1;
}
