import type { Settings } from '@anthropic-ai/claude-agent-sdk';
import type { AgentStart } from '../../engine/agent-client.js';
import type { EngineLogger } from '../../engine/engine-logger.js';
import { openModelGateway } from '../../gateway/model/model-gateway.js';
import { ModelOutages } from '../../gateway/model/outages.js';
import type { ModelCredentials } from '../../gateway/model/provider.js';
import { SessionMeters } from '../../gateway/model/session-meters.js';
import { openNetworkGateway } from '../../gateway/network/network-gateway.js';
import type { RuntimeFolder } from './runtime-folder.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** The functions that open what agents reach. */
export interface GatewayFunctions {
  readonly openModel: typeof openModelGateway;
  readonly openNetwork: typeof openNetworkGateway;
}

export const SERVER_GATEWAYS: GatewayFunctions = {
  openModel: openModelGateway,
  openNetwork: openNetworkGateway,
};

/** The ways of one process of an agent through its walls. */
export interface Gateways {
  /** The variables with which the process reaches the model. */
  readonly environment: Readonly<Record<string, string>>;
  /** The socket of the network gateway; null for no network. */
  readonly proxySocket: string | null;
  /** Never rejects. */
  close(): Promise<void>;
}

export interface GatewayNeeds {
  readonly start: AgentStart;
  /** The environment of the host, which contains the credentials. */
  readonly env: Environment;
  readonly settings: Settings;
  readonly modelCredentials: ModelCredentials | undefined;
  readonly runtime: Pick<RuntimeFolder, 'modelSocket' | 'networkSocket'>;
}

const SILENT_LOGGER = { warn: () => {} };

/** The outages of the model by the log in which they are reported: one line for all agents. */
const outages = new WeakMap<EngineLogger, ModelOutages>();

/** The meters of the sessions, whose agents come and go. */
const meters = new SessionMeters();

/** Opens the gateways of one process. When one of them cannot be opened, none is open. */
export async function openGateways(
  { openModel, openNetwork }: GatewayFunctions,
  { start, env, settings, modelCredentials, runtime }: GatewayNeeds,
): Promise<Gateways> {
  const { allow = [], model: limits, logger } = start.walls ?? {};
  const { sessionId } = start;
  const { modelSocket, networkSocket } = runtime;
  const open: { close(): Promise<void> }[] = [];
  const held = meters.hold(sessionId, limits, logger);
  const close = async () => {
    await Promise.allSettled(open.map((gateway) => gateway.close()));
    held.release();
  };
  try {
    const model = await openModel({
      socket: modelSocket,
      environment: { ...env, ...settings.env },
      credentials: modelCredentials,
      models: start.models,
      model: start.model,
      meter: held.meter,
      outages: logger && outagesIn(logger),
    });
    open.push(model);
    const proxySocket = allow.length === 0 ? null : networkSocket;
    if (proxySocket !== null) {
      const log = logger ?? SILENT_LOGGER;
      open.push(await openNetwork({ socket: proxySocket, allow, sessionId, logger: log }));
    }
    return { environment: model.environment, proxySocket, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function outagesIn(logger: EngineLogger): ModelOutages {
  const found = outages.get(logger) ?? new ModelOutages(logger);
  outages.set(logger, found);
  return found;
}
