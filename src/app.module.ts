import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { agentWebkitOpenApi } from './agent-webkit/openapi/openapi.js';
import { AgentWebkitModule } from './agent-webkit/agent-webkit.module.js';
import { loadSdk } from './agent-webkit/agents/claude/claude-sdk.js';
import { claudeSdkFactory } from './agent-webkit/agents/claude/claude-sdk-factory.js';
import { demoScript } from './agent-webkit/agents/scripted/demo-script.js';
import { scriptedSdkFactory } from './agent-webkit/agents/scripted/scripted-agent-client.js';
import { PostgresBus } from './agent-webkit/bus/postgres/postgres-bus.js';
import { RedisBus } from './agent-webkit/bus/redis/redis-bus.js';
import type { Bus } from './agent-webkit/engine/bus.js';
import type { StorageProvider } from './agent-webkit/engine/storage.js';
import { MemoryStorage } from './agent-webkit/storage/memory/memory-storage.js';
import { PostgresStorage } from './agent-webkit/storage/postgres/postgres-storage.js';
import { SqliteStorage } from './agent-webkit/storage/sqlite/sqlite-storage.js';
import { AgentWebkitPageModule } from './agent-webkit-page/agent-webkit-page.module.js';
import { API_DESCRIPTION, ApiDocsController } from './standalone/api-docs/api-docs.controller.js';
import { BarChart, WeatherCard } from './standalone/demo-components.js';
import { HealthController } from './standalone/health.controller.js';
import { HttpErrorFilter } from './standalone/http-error.filter.js';
import { MetricsEndpoint } from './standalone/metrics/metrics-endpoint.js';
import type { Settings } from './standalone/settings.js';

/** The standalone server: the module, the page at `/`, the API documentation, and the error filter. */
@Module({
  controllers: [ApiDocsController, HealthController],
  providers: [{ provide: APP_FILTER, useClass: HttpErrorFilter }],
})
export class AppModule {
  /** @param metrics serves the metrics of the server; null for none */
  static with(settings: Settings, metrics: MetricsEndpoint | null = null): DynamicModule {
    const sdkFactory =
      settings.agent === 'demo' ? scriptedSdkFactory(demoScript) : claudeSdkFactory();
    return {
      module: AppModule,
      // A factory: Nest calls the hooks of what it has created.
      providers: [
        {
          provide: API_DESCRIPTION,
          useValue: agentWebkitOpenApi({ admin: settings.adminTokens !== null }),
        },
        ...(metrics ? [{ provide: MetricsEndpoint, useFactory: () => metrics }] : []),
      ],
      imports: [
        AgentWebkitModule.forRootAsync({
          admin: settings.adminTokens ? { tokens: settings.adminTokens } : undefined,
          useFactory: async () => {
            // Now: Node 20 repeats the error of an import that failed for want of a file descriptor.
            if (settings.agent === 'claude') await loadSdk().catch(() => undefined);
            const [storage, bus] = [await createStorage(settings), await createBus(settings)];
            return {
              ...settings.module,
              agent: { ...settings.module.agent, sdkFactory },
              storage,
              ...(bus && { bus }),
              ...(metrics && { telemetry: { metrics: metrics.provider } }),
            };
          },
        }),
        ...(settings.agent === 'demo'
          ? [AgentWebkitModule.forFeature({ components: [WeatherCard, BarChart] })]
          : []),
        AgentWebkitPageModule.forRoot({ path: '/' }),
      ],
    };
  }
}

async function createStorage({
  storage: setting,
  storageOpenTimeoutMs: openTimeoutMs,
  leaseMs,
  poolMode,
}: Settings): Promise<StorageProvider> {
  if (setting === 'memory:') return new MemoryStorage();
  if (setting.startsWith('file:'))
    return new SqliteStorage({ file: setting.slice('file:'.length) });
  return await PostgresStorage.connect(setting, { openTimeoutMs, leaseMs, poolMode });
}

/** Returns null for the bus of the storage. */
async function createBus({ bus }: Settings): Promise<Bus | 'none' | null> {
  if (bus === null || bus === 'none') return bus;
  return bus.startsWith('redis') ? await RedisBus.connect(bus) : await PostgresBus.connect(bus);
}
