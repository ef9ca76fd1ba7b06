import { describe, expect, it } from 'vitest';
import {
  type GroupView,
  judgeNetwork,
  type NetworkNeeds,
  type NetworkView,
  type RuleView,
  type VpcEndpointView,
} from '../../cli/doctor/network.ts';

const rule = (fields: Partial<RuleView>): RuleView => ({
  https: true,
  cidrs: [],
  groups: [],
  prefixLists: [],
  ...fields,
});
const group = (id: string, ingress: RuleView[] = [], egress = [rule({ cidrs: ['0.0.0.0/0'] })]): GroupView => ({
  id,
  ingress,
  egress,
});
const endpoint = (service: string, fields: Partial<VpcEndpointView> = {}): VpcEndpointView => ({
  id: `vpce-${service}`,
  vpc: 'vpc-1',
  service,
  gateway: false,
  routeTables: [],
  groups: ['sg-ends'],
  privateDns: true,
  ...fields,
});
const s3Gateway = endpoint('s3', { gateway: true, routeTables: ['rtb-main'], groups: [], privateDns: false });

const needs: NetworkNeeds = {
  subnets: ['subnet-a', 'subnet-b'],
  groups: ['sg-model'],
  wakes: 2,
  grows: 4,
  imagesByVpc: false,
  isolated: true,
};
const subnetOf = (id: string, zone: string, free: number, cidr: string) => ({ id, vpc: 'vpc-1', zone, cidr, free });
const sound = {
  subnets: [subnetOf('subnet-a', 'eu-1a', 100, '10.0.1.0/24'), subnetOf('subnet-b', 'eu-1b', 100, '10.0.2.0/24')],
  routeTables: [{ id: 'rtb-main', vpc: 'vpc-1', main: true, subnets: [] as string[] }],
  endpoints: [s3Gateway],
  groups: [group('sg-model'), group('sg-ends', [rule({ groups: ['sg-model'] })])],
  vpcs: [{ id: 'vpc-1', dnsSupport: true, dnsHostnames: true }],
} satisfies NetworkView;

const judge = (view: Partial<NetworkView>, asked: Partial<NetworkNeeds> = {}) =>
  judgeNetwork({ ...needs, ...asked }, { ...sound, ...view }).map(({ level, found }) => `${level}: ${found}`);

describe('the network of a model', () => {
  it('is sound with a gateway endpoint on the main route table, which subnets without their own follow', () => {
    expect(judge({})).toEqual([]);
  });

  it('needs the gateway endpoint on the route tables of its own subnets', () => {
    const own = { id: 'rtb-own', vpc: 'vpc-1', main: false, subnets: ['subnet-b'] };
    const why = 'the model data cannot be fetched, and a wake hangs until it fails';
    expect(judge({ routeTables: [...sound.routeTables, own] })).toEqual([
      `error: no way to s3 from subnet-b (vpce-s3 is not on its route table): ${why}`,
    ]);
    expect(judge({ endpoints: [] })).toEqual([`error: no way to s3 from subnet-a, subnet-b: ${why}`]);
  });

  it.each([
    ['nat-1', []],
    ['igw-1', [expect.stringMatching(/^error: no way to s3/)]],
    [
      'tgw-1',
      [expect.stringMatching(/^warning: the way to s3 from subnet-a through tgw-1, subnet-b through tgw-1 is not/)],
    ],
  ])('with a way out through %s', (wayOut, expected) => {
    const main = { id: 'rtb-main', vpc: 'vpc-1', main: true, subnets: [], wayOut };
    expect(judge({ endpoints: [], routeTables: [main] })).toEqual(expected);
  });

  it('takes an interface endpoint only with private DNS, DNS of the VPC, and a group that admits 443 from it', () => {
    const endpoints = [endpoint('s3')];
    const admitting = (...rules: RuleView[]) => ({ endpoints, groups: [group('sg-model'), group('sg-ends', rules)] });
    expect(judge({ endpoints })).toEqual([]);
    expect(judge(admitting(rule({ cidrs: ['10.0.0.0/16'] })))).toEqual([]);
    expect(judge(admitting(rule({ prefixLists: ['pl-1'] })))).toEqual([]);
    const refused = [
      judge({ endpoints: [endpoint('s3', { privateDns: false })] }),
      judge({ endpoints, vpcs: [{ id: 'vpc-1', dnsSupport: true, dnsHostnames: false }] }),
      judge(admitting(rule({ groups: ['sg-model'], https: false }))),
      judge(admitting(rule({ groups: ['sg-other'] }))),
      judge(admitting(rule({ cidrs: ['10.0.1.128/25'] }))),
      judge({ endpoints: [endpoint('s3', { vpc: 'vpc-2' })] }),
    ];
    for (const found of refused) expect(found).toEqual([expect.stringMatching(/^error: no way to s3 from subnet-a/)]);
    expect(judge(admitting(rule({ cidrs: ['10.0.2.0/24'] })))[0]).toContain('from subnet-a (vpce-s3 admits no TCP 443');
  });

  it('asks for ecr.api and ecr.dkr only where the image is pulled through the VPC', () => {
    const found = judge({ endpoints: [s3Gateway, endpoint('ecr.api')] }, { imagesByVpc: true });
    expect(found).toEqual(['error: no way to ecr.dkr from subnet-a, subnet-b: the image is pulled through the VPC']);
  });

  it('only warns of metrics that a container cannot put, and of none where it has no network anyway', () => {
    expect(judge({}, { isolated: false })).toEqual([expect.stringMatching(/^warning: no way to monitoring/)]);
    expect(judge({ endpoints: [s3Gateway, endpoint('monitoring')] }, { isolated: false })).toEqual([]);
  });

  it('counts two free addresses an instance, over all subnets', () => {
    const free = (a: number, b: number) => ({
      subnets: [subnetOf('subnet-a', 'eu-1a', a, '10.0.1.0/24'), subnetOf('subnet-b', 'eu-1b', b, '10.0.2.0/24')],
    });
    expect(judge(free(8, 0))).toEqual([]);
    expect(judge(free(3, 4))).toEqual(['warning: its subnets have 7 free addresses; 4 more instances take 8']);
    expect(judge(free(3, 0))).toEqual(['error: its subnets have 3 free addresses; 2 more instances take 4']);
    expect(judge(free(0, 0), { wakes: 0, grows: 0 })).toEqual([]);
  });

  it('finds subnets and groups that are gone, one zone, no egress and a VPC without names', () => {
    expect(judge({ subnets: sound.subnets.slice(0, 1), groups: [] })).toEqual([
      'error: subnet subnet-b is gone',
      'error: security group sg-model is gone',
      'warning: its only subnet is in eu-1a',
    ]);
    expect(judge({ subnets: sound.subnets.map((subnet) => ({ ...subnet, zone: 'eu-1a' })) })).toEqual([
      'warning: its subnets are all in eu-1a',
    ]);
    expect(judge({ groups: [group('sg-model', [], [rule({ https: false })])] })).toEqual([
      'error: no rule of sg-model lets it call out on port 443',
    ]);
    expect(judge({ vpcs: [{ id: 'vpc-1', dnsSupport: false, dnsHostnames: false }] })).toEqual([
      expect.stringMatching(/^warning: vpc-1 has enableDnsSupport off/),
    ]);
  });

  it('judges nothing by what could not be read', () => {
    expect(judgeNetwork({ ...needs, isolated: false }, { subnets: sound.subnets })).toEqual([]);
  });
});
