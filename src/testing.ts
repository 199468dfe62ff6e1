// Scripted agents and storage cases for the tests of hosts. Every exported name is public.

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
