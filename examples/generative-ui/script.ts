import type { Script } from 'nestjs-agent-webkit/testing';

/** Renders both components, at about the pace of a model. */
export const script: Script = async (turn) => {
  const paceMs = 60;
  await turn.say('I show you both components. ', { paceMs: 30 });
  await turn.useTool(
    'mcp__genui__render_weather_card',
    { place: 'Lisbon', temperature: 21.5, condition: 'Sunny, with a light wind from the sea' },
    { paceMs },
  );
  const plans = [
    { name: 'Small', cents: 500 },
    { name: 'Large', cents: 1900 },
  ];
  await turn.useTool('mcp__genui__render_price_table', { plans }, { paceMs });
};
