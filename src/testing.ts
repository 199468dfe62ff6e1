// Scripted agents, and cases for storages, buses and sandboxes, for the tests of hosts. Every exported name is public.

export { demoScript } from './agent-webkit/agents/scripted/demo-script.js';
export { scriptedSdkFactory } from './agent-webkit/agents/scripted/scripted-agent-client.js';
export type {
  Answers,
  PastTurn,
  SayOptions,
  Script,
  ScriptedAgent,
  ScriptedMessage,
  ScriptedQuestion,
  ScriptedTurn,
  ToolOptions,
  ToolOutcome,
} from './agent-webkit/agents/scripted/script.js';
export {
  type ConformanceCase,
  type ConformanceSubject,
  storageConformance,
} from './agent-webkit/storage/conformance.js';
export { busConformance } from './agent-webkit/bus/conformance/bus-conformance.js';
export type { BusCase, BusSubject } from './agent-webkit/bus/conformance/bus-case.js';
export { sandboxConformance } from './agent-webkit/sandbox/conformance/sandbox-conformance.js';
export type {
  SandboxCase,
  SandboxConformanceOptions,
} from './agent-webkit/sandbox/conformance/sandbox-case.js';
