// A CommonJS host of the packed package, by Node's require(esm).
require('reflect-metadata');
const { Module } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { AgentWebkitModule, SessionRegistryService } = require('nestjs-agent-webkit');
const { scriptedSdkFactory } = require('nestjs-agent-webkit/testing');
const { haveATurn } = require('./turn.cjs');

class HostModule {}
Module({
  imports: [
    AgentWebkitModule.forRoot({
      auth: 'none',
      agent: { sdkFactory: scriptedSdkFactory((turn) => turn.say(`You said ${turn.input.text}.`)) },
    }),
  ],
})(HostModule);

void NestFactory.create(HostModule, { logger: ['error'] }).then((app) =>
  haveATurn(app, SessionRegistryService),
);
