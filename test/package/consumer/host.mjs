// An ESM host of the packed package: boots it in a Nest app and has one turn over HTTP.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AgentWebkitModule, SessionRegistryService } from 'nestjs-agent-webkit';
import { scriptedSdkFactory } from 'nestjs-agent-webkit/testing';
import { haveATurn } from './turn.cjs';

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: 'none',
      sdkFactory: scriptedSdkFactory((turn) => turn.say(`You said ${turn.input.text}.`)),
    }),
  ],
})(HostModule);

await haveATurn(
  await NestFactory.create(HostModule, { logger: ['error'] }),
  SessionRegistryService,
);
