import type { EC2Client, IpPermission } from '@aws-sdk/client-ec2';
import { type Answer, ask, unanswered } from './ask.ts';
import { type Finding, orOk, type Patient } from './finding.ts';
import { type MadeOf, networkNeedsOf } from './made-of.ts';
import {
  type GroupView,
  judgeNetwork,
  type NetworkView,
  type RouteTableView,
  type RuleView,
  type SubnetView,
  type VpcEndpointView,
  type VpcView,
} from './network.ts';

const CHECK = 'network';
/** EC2 takes up to 200 values in a filter. */
const VALUES_AT_ONCE = 200;
const SERVICES = ['s3', 'ecr.api', 'ecr.dkr', 'monitoring'];

/** Subnets, routes, VPC endpoints and groups of all endpoints are read together: fleets share them. */
export async function checkNetworks(patient: Patient, made: readonly MadeOf[]): Promise<readonly Finding[]> {
  const needing = made.flatMap((one) => {
    const needs = networkNeedsOf(one);
    return needs === undefined ? [] : [{ endpoint: one.record.endpoint, needs }];
  });
  if (needing.length === 0) return [];
  const read = await readNetwork(
    patient,
    needing.flatMap(({ needs }) => needs.subnets),
    needing.flatMap(({ needs }) => needs.groups),
  );
  const { view } = read;
  if (view === undefined) return read.findings;
  const judged = needing.flatMap(({ endpoint, needs }) =>
    judgeNetwork(needs, view).map((one): Finding => ({ ...one, check: CHECK, subject: endpoint })),
  );
  const all = [...read.findings, ...judged];
  const ok = `every VPC of ${needing.length} endpoints has a way to S3, names, groups, zones and free addresses`;
  return orOk(all, CHECK, needing.length === 1 ? `the VPC of ${needing[0]?.endpoint} has what it needs` : ok);
}

interface Read {
  /** Absent: the subnets could not be read, so that nothing can be judged. */
  readonly view?: NetworkView;
  readonly findings: readonly Finding[];
}

async function readNetwork(patient: Patient, subnetIds: readonly string[], groupIds: readonly string[]): Promise<Read> {
  const ec2 = await import('@aws-sdk/client-ec2');
  const client = patient.account.runtime.clientOf(ec2.EC2Client);
  const reader = createReader(ec2, client, patient.account.region);
  const subnets = await reader.subnets(subnetIds);
  if (subnets.kind !== 'found') return { findings: unanswered(patient, CHECK, 'subnets', subnets) };
  const vpcIds = [...new Set(subnets.value.map(({ vpc }) => vpc))];
  const [routeTables, endpoints, vpcs] = await Promise.all([
    reader.routeTables(vpcIds),
    reader.endpoints(vpcIds),
    reader.vpcs(vpcIds),
  ]);
  const known = endpoints.kind === 'found' ? endpoints.value.flatMap((endpoint) => endpoint.groups) : [];
  const groups = await reader.groups([...groupIds, ...known]);
  const view: NetworkView = {
    subnets: subnets.value,
    ...(routeTables.kind === 'found' && { routeTables: routeTables.value }),
    ...(endpoints.kind === 'found' && { endpoints: endpoints.value }),
    ...(vpcs.kind === 'found' && { vpcs: vpcs.value }),
    ...(groups.kind === 'found' && { groups: groups.value }),
  };
  return {
    view,
    findings: [
      ...unanswered(patient, CHECK, 'route tables', routeTables),
      ...unanswered(patient, CHECK, 'VPC endpoints', endpoints),
      ...unanswered(patient, CHECK, 'DNS of the VPC', vpcs),
      ...unanswered(patient, CHECK, 'security groups', groups),
    ],
  };
}

type Ec2 = typeof import('@aws-sdk/client-ec2');

function createReader(ec2: Ec2, client: EC2Client, region: string) {
  return {
    subnets: (ids: readonly string[]): Promise<Answer<readonly SubnetView[]>> =>
      ask('EC2.DescribeSubnets', () =>
        inChunks(ids, async (Values) => {
          const pages = ec2.paginateDescribeSubnets({ client }, { Filters: [{ Name: 'subnet-id', Values }] });
          return (await collect(pages, ({ Subnets }) => Subnets)).map(viewSubnet);
        }),
      ),
    routeTables: (vpcIds: readonly string[]): Promise<Answer<readonly RouteTableView[]>> =>
      ask('EC2.DescribeRouteTables', () =>
        inChunks(vpcIds, async (Values) => {
          const pages = ec2.paginateDescribeRouteTables({ client }, { Filters: [{ Name: 'vpc-id', Values }] });
          return (await collect(pages, ({ RouteTables }) => RouteTables)).map(viewRouteTable);
        }),
      ),
    endpoints: (vpcIds: readonly string[]): Promise<Answer<readonly VpcEndpointView[]>> =>
      ask('EC2.DescribeVpcEndpoints', () =>
        inChunks(vpcIds, async (Values) => {
          const names = SERVICES.map((service) => `com.amazonaws.${region}.${service}`);
          const Filters = [
            { Name: 'vpc-id', Values },
            { Name: 'service-name', Values: names },
          ];
          const found = await collect(
            ec2.paginateDescribeVpcEndpoints({ client }, { Filters }),
            ({ VpcEndpoints }) => VpcEndpoints,
          );
          // The model prints the states in one case, the wire in another.
          return found
            .filter(({ State }) => State?.toLowerCase() === 'available')
            .map((one) => ({
              id: one.VpcEndpointId ?? '',
              vpc: one.VpcId ?? '',
              service: (one.ServiceName ?? '').replace(`com.amazonaws.${region}.`, ''),
              gateway: one.VpcEndpointType === 'Gateway',
              routeTables: one.RouteTableIds ?? [],
              groups: (one.Groups ?? []).flatMap(({ GroupId }) => (GroupId === undefined ? [] : [GroupId])),
              privateDns: one.PrivateDnsEnabled === true,
            }));
        }),
      ),
    groups: (ids: readonly string[]): Promise<Answer<readonly GroupView[]>> =>
      ask('EC2.DescribeSecurityGroups', () =>
        inChunks(ids, async (Values) => {
          const pages = ec2.paginateDescribeSecurityGroups({ client }, { Filters: [{ Name: 'group-id', Values }] });
          return (await collect(pages, ({ SecurityGroups }) => SecurityGroups)).map(viewGroup);
        }),
      ),
    vpcs: (ids: readonly string[]): Promise<Answer<readonly VpcView[]>> =>
      ask('EC2.DescribeVpcAttribute', () =>
        Promise.all(
          ids.map(async (VpcId) => {
            const read = (Attribute: 'enableDnsSupport' | 'enableDnsHostnames') =>
              client.send(new ec2.DescribeVpcAttributeCommand({ VpcId, Attribute }));
            const [support, hostnames] = await Promise.all([read('enableDnsSupport'), read('enableDnsHostnames')]);
            return {
              id: VpcId,
              dnsSupport: support.EnableDnsSupport?.Value === true,
              dnsHostnames: hostnames.EnableDnsHostnames?.Value === true,
            };
          }),
        ),
      ),
  };
}

function viewSubnet(subnet: import('@aws-sdk/client-ec2').Subnet): SubnetView {
  const { SubnetId = '', VpcId = '', AvailabilityZone = '', CidrBlock = '', AvailableIpAddressCount = 0 } = subnet;
  return { id: SubnetId, vpc: VpcId, zone: AvailabilityZone, cidr: CidrBlock, free: AvailableIpAddressCount };
}

function viewGroup(group: import('@aws-sdk/client-ec2').SecurityGroup): GroupView {
  const { GroupId = '', IpPermissions = [], IpPermissionsEgress = [] } = group;
  return { id: GroupId, ingress: IpPermissions.map(viewRule), egress: IpPermissionsEgress.map(viewRule) };
}

function viewRouteTable(table: import('@aws-sdk/client-ec2').RouteTable): RouteTableView {
  const { RouteTableId = '', VpcId = '', Associations = [], Routes = [] } = table;
  const out = Routes.find((route) => route.DestinationCidrBlock === '0.0.0.0/0' && route.State !== 'blackhole');
  const wayOut =
    out?.NatGatewayId ??
    out?.TransitGatewayId ??
    out?.GatewayId ??
    out?.NetworkInterfaceId ??
    out?.VpcPeeringConnectionId ??
    out?.CoreNetworkArn;
  return {
    id: RouteTableId,
    vpc: VpcId,
    main: Associations.some(({ Main }) => Main === true),
    subnets: Associations.flatMap(({ SubnetId }) => (SubnetId === undefined ? [] : [SubnetId])),
    ...(wayOut !== undefined && { wayOut }),
  };
}

function viewRule({ IpProtocol, FromPort, ToPort, ...from }: IpPermission): RuleView {
  const tcp = IpProtocol === 'tcp' || IpProtocol === '6';
  return {
    https: IpProtocol === '-1' || (tcp && (FromPort ?? 0) <= 443 && (ToPort ?? 65_535) >= 443),
    cidrs: (from.IpRanges ?? []).flatMap(({ CidrIp }) => (CidrIp === undefined ? [] : [CidrIp])),
    groups: (from.UserIdGroupPairs ?? []).flatMap(({ GroupId }) => (GroupId === undefined ? [] : [GroupId])),
    prefixLists: (from.PrefixListIds ?? []).flatMap(({ PrefixListId }) =>
      PrefixListId === undefined ? [] : [PrefixListId],
    ),
  };
}

async function inChunks<T>(
  ids: readonly string[],
  read: (ids: string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const distinct = [...new Set(ids)];
  const found: T[] = [];
  for (let at = 0; at < distinct.length; at += VALUES_AT_ONCE) {
    found.push(...(await read(distinct.slice(at, at + VALUES_AT_ONCE))));
  }
  return found;
}

async function collect<Page, T>(
  pages: AsyncIterable<Page>,
  itemsOf: (page: Page) => readonly T[] | undefined,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) found.push(...(itemsOf(page) ?? []));
  return found;
}
