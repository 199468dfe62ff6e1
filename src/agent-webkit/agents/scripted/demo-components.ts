import type { ScriptedTurn } from './script.js';

/** The approximate pace at which a model streams, in milliseconds. */
const PACE_MS = 30;
/** The pace of the props, which leaves time to see them grow. */
const PROPS_PACE_MS = 60;

const WEATHER = {
  place: 'Lisbon',
  temperature: 21.5,
  condition: 'Sunny, with a light wind from the sea',
  hours: [
    { hour: '12:00', temperature: 21 },
    { hour: '15:00', temperature: 23 },
    { hour: '18:00', temperature: 20 },
  ],
};

const CHART = {
  title: 'Orders by month',
  unit: 'orders',
  bars: [
    { label: 'June', value: 812 },
    { label: 'July', value: 934 },
    { label: 'August', value: 1107 },
    { label: 'September', value: 1290 },
  ],
};

export async function renderCard(turn: ScriptedTurn): Promise<void> {
  await turn.say('I show you the weather. ', { paceMs: PACE_MS });
  await render(turn, 'weather_card', WEATHER);
  await turn.say('The weather is made up: this is a demo.', { paceMs: PACE_MS });
}

/** The first call has a wrong value, as those of a model sometimes have. */
export async function renderChart(turn: ScriptedTurn): Promise<void> {
  await turn.say('I draw a chart. ', { paceMs: PACE_MS });
  const { title, unit } = CHART;
  const first = await render(turn, 'bar_chart', { title, unit, bars: 'none' });
  if (first.allowed && first.isError) await render(turn, 'bar_chart', CHART);
  await turn.say('The orders are made up: this is a demo.', { paceMs: PACE_MS });
}

function render(turn: ScriptedTurn, name: string, props: Record<string, unknown>) {
  return turn.useTool(`mcp__genui__render_${name}`, props, { ask: false, paceMs: PROPS_PACE_MS });
}
