// npm run bench [-- <name>] [--brief]: one benchmark, or all of them; --brief only shows that they run.
import { benchDormant } from './dormant/dormant.mjs';
import { benchEngine } from './engine/engine.mjs';
import { benchFanout } from './fanout/fanout.mjs';
import { benchFirstWord } from './first-word/first-word.mjs';
import { benchIdle } from './idle/idle.mjs';
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
  stuck: benchStuck,
};
const isBrief = process.argv.includes('--brief');
const wanted = process.argv.slice(2).filter((argument) => argument !== '--brief');
const unknown = wanted.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  const names = Object.keys(benchmarks).join(', ');
  console.error(`There is no benchmark "${unknown.join(' ')}", only: ${names}.`);
  process.exit(1);
}
if (isBrief) console.log('Brief: it shows that the benchmarks run. The figures say nothing.');
for (const [name, bench] of Object.entries(benchmarks)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  begin(name);
  // oxlint-disable-next-line no-await-in-loop -- side by side they would measure each other
  await bench(isBrief);
  end();
}
