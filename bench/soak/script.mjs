/** The script of the agents: their turn depends on the text of the message. */
export async function play(turn) {
  await turn.say('I look into it, and tell you what I find.');
  switch (turn.input.text) {
    case 'ask': {
      const outcome = await turn.useTool('Bash', { command: 'ls' }, { run: () => 'README.md' });
      await turn.say(outcome.allowed ? 'There is one file.' : 'Then I do not look.');
      break;
    }
    case 'hang':
      await turn.hang();
      break;
    default:
      await turn.say('There was nothing to find.');
  }
}
