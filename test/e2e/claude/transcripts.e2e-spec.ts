import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClaudeApp } from './claude-app.js';
import type { Tab } from './tab.js';

let app: ClaudeApp;
let tab: Tab;
beforeEach(async () => {
  app = await ClaudeApp.start('express');
  tab = await app.open();
});
afterEach(() => app.close());

/** The folder of the agent's transcripts. */
const transcripts = () => join(app.homeOf(tab.id), 'projects');

/** Makes the agent fail to write its transcripts, as a full disk does. */
async function block(): Promise<void> {
  await rename(transcripts(), `${transcripts()}-away`);
  await writeFile(transcripts(), 'not a folder');
}

async function unblock(): Promise<void> {
  await rm(transcripts());
  await mkdir(transcripts());
}

const losses = () => tab.all('error').filter(({ code }) => code === 'transcript_not_stored');

/** Stops the agent, so that the next message resumes the conversation. */
async function restart(): Promise<void> {
  await app.killAgent(tab.id);
  await app.reaches(tab.id, 'dormant');
}

describe('the transcript of a conversation that the storage keeps', () => {
  it('reports each turn that it does not have, and no others', async () => {
    await tab.turn('one');
    await block();
    await tab.turn('two');
    await tab.next('error');
    await tab.turn('three');
    await tab.next('error');
    expect(losses()).toHaveLength(2);
    await unblock();
    await restart();

    await tab.turn('recall');
    expect(tab.said().at(-1)).toMatch(/^one \|.*recall$/s);
    expect(losses()).toHaveLength(2);
  });

  it('survives the loss of the agent’s own files while the agent runs', async () => {
    await tab.turn('one');
    await rm(transcripts(), { recursive: true });
    await tab.turn('two');
    await restart();
    await rm(transcripts(), { recursive: true, force: true });

    await tab.turn('recall');
    expect(tab.said().at(-1)).toMatch(/^one \| two \|.*recall$/s);
    expect(losses()).toEqual([]);
  });
});
