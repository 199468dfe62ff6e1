// npm run bench [-- <name>] [--brief]: runs one benchmark, or all. --brief only checks that they run.
import { benchCluster } from './cluster/cluster.mjs';
import { benchDormant } from './dormant/dormant.mjs';
import { benchEngine } from './engine/engine.mjs';
import { benchFanout } from './fanout/fanout.mjs';
import { benchFirstWord } from './first-word/first-word.mjs';
import { benchIdle } from './idle/idle.mjs';
import { benchOneStream } from './one-stream/one-stream.mjs';
import { begin, end } from './progress.mjs';
import { benchReplay } from './replay/replay.mjs';
import { benchSoak } from './soak/soak.mjs';
import { benchStorage } from './storage/storage.mjs';
import { benchStreaming } from './streaming/streaming.mjs';
import { benchStuck } from './stuck/stuck.mjs';

const benchmarks = {
  dormant: benchDormant,
  fanout: benchFanout,
  replay: benchReplay,
  idle: benchIdle,
  engine: benchEngine,
  'first-word': benchFirstWord,
  soak: benchSoak,
  storage: benchStorage,
  streaming: benchStreaming,
  'one-stream': benchOneStream,
  stuck: benchStuck,
  cluster: benchCluster,
};
const isBrief = process.argv.includes('--brief');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--brief');
const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  const names = Object.keys(benchmarks).join(', ');
  console.error(`Unknown benchmark "${unknown.join(' ')}". Available: ${names}.`);
  process.exit(1);
}
if (isBrief)
  console.log('Brief: this only checks that the benchmarks run. The figures are meaningless.');
for (const [name, bench] of Object.entries(benchmarks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  begin(name);
  // oxlint-disable-next-line no-await-in-loop -- measurements at the same time would disturb each other
  await bench(isBrief);
  end();
}
