import { describe, expect, it } from '@jest/globals';
import { Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { PersistentVolumeClaim, Service } from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { findUnknownVariables } from '../../src/standalone/unknown-variables.js';
import { readBlocks } from './markdown.js';

type Json = Record<string, unknown>;

/** The kinds of the manifest, each with the schema of its API version. */
const KINDS = { Deployment, PersistentVolumeClaim, PodDisruptionBudget, Service };

interface Compose {
  services: Record<
    string,
    { volumes?: string[]; depends_on?: string[] | Json; environment?: Json }
  >;
  volumes: Json;
}

interface PodTemplate {
  spec: {
    terminationGracePeriodSeconds: number;
    containers: {
      readinessProbe: { httpGet: { path: string } };
      livenessProbe: { httpGet: { path: string } };
    }[];
  };
}

function documentsOf(label: string): Json[] {
  const block = readBlocks('docs/cluster.md').find(
    ({ language, label: own }) => language === 'yaml' && own === label,
  );
  const documents = parseAllDocuments(block?.code ?? '');
  expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
  return documents.map((document) => document.toJS() as Json);
}

describe('The manifests for more than one server', () => {
  it('conform to the schemas of Kubernetes', () => {
    const documents = documentsOf('kubernetes');
    expect(documents.map(({ kind }) => kind)).toEqual([
      'Deployment',
      'PersistentVolumeClaim',
      'Service',
      'PodDisruptionBudget',
    ]);
    for (const { apiVersion, kind, ...fields } of documents) {
      const Kind = KINDS[kind as keyof typeof KINDS] as unknown as new (fields: Json) => Json & {
        validate(): void;
      };
      const resource = new Kind(fields);
      expect(() => resource.validate()).not.toThrow();
      expect(apiVersion).toBe(resource['apiVersion']);
    }
  });

  it('are refused by these schemas when a field has a wrong type', () => {
    const [deployment] = documentsOf('kubernetes');
    const wrong = { ...(deployment?.['spec'] as Json), replicas: 'three' };
    expect(() => new Deployment({ spec: wrong } as never).validate()).toThrow('replicas');
  });

  it('ask the probes of the server, and leave it the time to drain', () => {
    const [deployment] = documentsOf('kubernetes');
    const template = (deployment as { spec: { template: PodTemplate } }).spec.template;
    const [container] = template.spec.containers;
    expect(container?.readinessProbe.httpGet.path).toBe('/health/ready');
    expect(container?.livenessProbe.httpGet.path).toBe('/health/live');
    expect(template.spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(40);
  });

  it('name only services, volumes and variables that exist', () => {
    const [compose] = documentsOf('compose') as unknown as [Compose];
    const { services, volumes } = compose;
    const mounted = Object.values(services).flatMap(({ volumes: own = [] }) =>
      own.map((volume) => volume.split(':')[0]).filter((source) => !source?.startsWith('.')),
    );
    const needed = Object.values(services).flatMap(({ depends_on: own = [] }) =>
      Array.isArray(own) ? own : Object.keys(own),
    );
    const environment = Object.fromEntries(
      Object.entries(services['server']?.environment ?? {}).map(([name, value]) => [
        name,
        String(value),
      ]),
    );

    expect(mounted.filter((name) => name === undefined || !(name in volumes))).toEqual([]);
    expect(needed.filter((name) => !(name in services))).toEqual([]);
    expect(findUnknownVariables(environment)).toEqual([]);
  });
});
