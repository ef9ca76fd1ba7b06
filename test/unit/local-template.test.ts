import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localTemplate } from '../../scripts/local/local-template.ts';

const folder = mkdtempSync(join(tmpdir(), 'local-template-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KNOWN = new Set(['AWS::SQS::Queue', 'AWS::CloudWatch::Alarm']);

function copy(text: string): { readonly template: Record<string, unknown>; readonly leftOut: readonly string[] } {
  const file = join(folder, 'template.yaml');
  writeFileSync(file, text);
  const local = localTemplate(file, KNOWN);
  return { template: JSON.parse(local.text) as Record<string, unknown>, leftOut: local.leftOut };
}

describe('the copy of a built template for ministack', () => {
  it('leaves out what ministack cannot take, with what only speaks of it, and says so', () => {
    const { template, leftOut } = copy(`
Resources:
  Saved: { Type: 'AWS::Logs::QueryDefinition' }
  OnMath: { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics: [] } }
  Plain: { Type: 'AWS::CloudWatch::Alarm', DependsOn: [Saved, Queue], Properties: { Threshold: 1 } }
  Queue: { Type: 'AWS::SQS::Queue', DependsOn: Saved }
Outputs:
  SavedQuery: { Value: { Ref: Saved } }
  MathAlarm: { Value: { 'Fn::Sub': 'alarm \${OnMath.Arn}' } }
  Failures: { Value: { 'Fn::GetAtt': [Queue, Arn] } }
`);
    expect(Object.keys(template['Resources'] as object)).toEqual(['Plain', 'Queue']);
    expect(Object.keys(template['Outputs'] as object)).toEqual(['Failures']);
    expect(template['Resources']).toMatchObject({
      Plain: { DependsOn: ['Queue'] },
      Queue: { Type: 'AWS::SQS::Queue' },
    });
    expect(template['Resources']).not.toHaveProperty('Queue.DependsOn');
    expect(leftOut).toEqual([
      'Saved (AWS::Logs::QueryDefinition): ministack does not know the type',
      'OnMath (AWS::CloudWatch::Alarm): ministack has no alarms on metric math',
      'output SavedQuery: it refers to Saved',
      'output MathAlarm: it refers to OnMath',
    ]);
  });

  it('refuses a template in which something that stays needs what is left out', () => {
    const text = `
Resources:
  Saved: { Type: 'AWS::Logs::QueryDefinition' }
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::GetAtt': Saved.Name } } }
`;
    expect(() => copy(text)).toThrow('Queue refers to Saved, which ministack cannot take');
  });

  it('finds code from anywhere, and keeps texts that YAML 1.1 takes for something else', () => {
    const { template } = copy(`
Parameters: { Mode: { Default: 'on', AllowedValues: ['on', 'off'] } }
Mappings: { Tick: { '1': { Seconds: 60 } } }
Resources:
  Fn: { Type: 'AWS::Serverless::Function', Properties: { CodeUri: Fn } }
`);
    expect(template).toMatchObject({
      Parameters: { Mode: { Default: 'on', AllowedValues: ['on', 'off'] } },
      Mappings: { Tick: { '1': { Seconds: '60' } } },
      Resources: { Fn: { Properties: { CodeUri: join(folder, 'Fn') } } },
    });
  });
});
