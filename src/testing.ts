// What hosts test their own apps with. What stands here is public.

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
