/** The script of the agents. The text of the message selects the turn. */
export async function play(turn) {
  await turn.say('I will look into it and report what I find.');
  switch (turn.input.text) {
    case 'ask': {
      const outcome = await turn.useTool('Bash', { command: 'ls' }, { run: () => 'README.md' });
      await turn.say(outcome.allowed ? 'There is one file.' : 'Then I will not look.');
      break;
    }
    case 'hang':
      await turn.hang();
      break;
    default:
      await turn.say('There was nothing to find.');
  }
}
