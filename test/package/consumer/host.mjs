// An ESM host of the packed package: boots it in a Nest app and has one turn over HTTP.
import assert from 'node:assert/strict';
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, SessionRegistryService } from 'nestjs-agent-webkit';
import { AgentClient } from 'nestjs-agent-webkit/client';
import { AgentWebkitPageModule } from 'nestjs-agent-webkit/page';
import { scriptedSdkFactory } from 'nestjs-agent-webkit/testing';
import { haveATurn } from './turn.cjs';

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: 'none',
      agent: { sdkFactory: scriptedSdkFactory((turn) => turn.say(`You said ${turn.input.text}.`)) },
    }),
    AgentWebkitPageModule.forRoot({ path: '/agents' }),
  ],
})(HostModule);

const withPage = await NestFactory.create(HostModule, { logger: ['error'] });
await withPage.listen(0, '127.0.0.1');
const page = await (await fetch(`${await withPage.getUrl()}/agents`)).text();
const client = new AgentClient({ url: await withPage.getUrl() });
assert.deepEqual(await client.list(), { sessions: [], next_cursor: null });
assert.match(page, /<script type="module"[^>]* src="\.\/agents\/assets\//);
await withPage.close();
// React is an optional peer, which this host does not have.
await assert.rejects(import('nestjs-agent-webkit/react'), { code: 'ERR_MODULE_NOT_FOUND' });

await haveATurn(
  await NestFactory.create(HostModule, { logger: ['error'] }),
  SessionRegistryService,
);
