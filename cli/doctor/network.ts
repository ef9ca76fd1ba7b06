import { BlockList } from 'node:net';

/** What an endpoint asks of its VPC. */
export interface NetworkNeeds {
  readonly subnets: readonly string[];
  readonly groups: readonly string[];
  /** Instances that a wake brings; 0: it is up. */
  readonly wakes: number;
  /** Instances that its policy may add to those that serve. */
  readonly grows: number;
  /** The image is pulled from a registry in the VPC (RepositoryAccessMode Vpc), not through the platform. */
  readonly imagesByVpc: boolean;
  /** The container has no network at all; the platform still fetches the model data through the VPC. */
  readonly isolated: boolean;
}

export interface SubnetView {
  readonly id: string;
  readonly vpc: string;
  readonly zone: string;
  readonly cidr: string;
  readonly free: number;
}

export interface RouteTableView {
  readonly id: string;
  readonly vpc: string;
  readonly main: boolean;
  readonly subnets: readonly string[];
  /** Where 0.0.0.0/0 goes: `nat-…`, `igw-…`, `tgw-…`; absent: nowhere, or a black hole. */
  readonly wayOut?: string;
}

export interface VpcEndpointView {
  readonly id: string;
  readonly vpc: string;
  /** Without Region and prefix: `s3`, `ecr.api`. */
  readonly service: string;
  readonly gateway: boolean;
  readonly routeTables: readonly string[];
  readonly groups: readonly string[];
  readonly privateDns: boolean;
}

export interface RuleView {
  /** Covers TCP 443. */
  readonly https: boolean;
  readonly cidrs: readonly string[];
  readonly groups: readonly string[];
  readonly prefixLists: readonly string[];
}

export interface GroupView {
  readonly id: string;
  readonly ingress: readonly RuleView[];
  readonly egress: readonly RuleView[];
}

export interface VpcView {
  readonly id: string;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

/** Absent parts could not be read, and nothing is judged by them. */
export interface NetworkView {
  readonly subnets: readonly SubnetView[];
  readonly routeTables?: readonly RouteTableView[];
  /** Only those that are available. */
  readonly endpoints?: readonly VpcEndpointView[];
  readonly groups?: readonly GroupView[];
  readonly vpcs?: readonly VpcView[];
}

export interface Judged {
  readonly level: 'warning' | 'error';
  readonly found: string;
  readonly advice: string;
}

/** AWS asks for two free addresses an instance. */
const ADDRESSES_PER_INSTANCE = 2;

/** Empty: the VPC has what the endpoint needs, as far as it can be read from outside. */
export function judgeNetwork(needs: NetworkNeeds, view: NetworkView): readonly Judged[] {
  const subnets = view.subnets.filter(({ id }) => needs.subnets.includes(id));
  return [
    ...judgeExistence(needs, view),
    ...judgeZones(subnets),
    ...judgeAddresses(needs, subnets),
    ...judgeNames(view, subnets),
    ...judgeEgress(needs, view),
    ...judgePaths(needs, view, subnets),
  ];
}

function judgeExistence({ subnets, groups }: NetworkNeeds, view: NetworkView): readonly Judged[] {
  const advice = 'a model keeps its network for life: make the model and the endpoint config anew';
  const gone = (kind: string, id: string): Judged => ({ level: 'error', found: `${kind} ${id} is gone`, advice });
  const known = new Set(view.subnets.map(({ id }) => id));
  const knownGroups = view.groups === undefined ? undefined : new Set(view.groups.map(({ id }) => id));
  return [
    ...subnets.filter((id) => !known.has(id)).map((id) => gone('subnet', id)),
    ...groups.filter((id) => knownGroups?.has(id) === false).map((id) => gone('security group', id)),
  ];
}

function judgeZones(subnets: readonly SubnetView[]): readonly Judged[] {
  const zones = new Set(subnets.map(({ zone }) => zone));
  if (subnets.length === 0 || zones.size > 1) return [];
  const found = `its ${subnets.length === 1 ? 'only subnet is' : 'subnets are all'} in ${[...zones].join()}`;
  return [{ level: 'warning', found, advice: 'AWS asks for two subnets in different zones' }];
}

/** Too few for the wake itself is a wake that fails; too few for the policy's maximum is one that scales less. */
function judgeAddresses({ wakes, grows }: NetworkNeeds, subnets: readonly SubnetView[]): readonly Judged[] {
  if (subnets.length === 0) return [];
  const free = subnets.reduce((sum, subnet) => sum + subnet.free, 0);
  const most = Math.max(wakes, grows);
  if (free >= most * ADDRESSES_PER_INSTANCE) return [];
  const fails = free < wakes * ADDRESSES_PER_INSTANCE;
  const instances = fails ? wakes : most;
  const found = `its subnets have ${free} free addresses; ${instances} more instances take ${instances * ADDRESSES_PER_INSTANCE}`;
  return [{ level: fails ? 'error' : 'warning', found, advice: 'free addresses, or give the model larger subnets' }];
}

function judgeNames({ vpcs }: NetworkView, subnets: readonly SubnetView[]): readonly Judged[] {
  const mute = (vpcs ?? []).filter(({ id, dnsSupport }) => !dnsSupport && subnets.some(({ vpc }) => vpc === id));
  return mute.map(({ id }) => ({
    level: 'warning',
    found: `${id} has enableDnsSupport off: without a resolver of your own no name of AWS is resolved`,
    advice: 'turn enableDnsSupport on',
  }));
}

function judgeEgress(needs: NetworkNeeds, { groups }: NetworkView): readonly Judged[] {
  const own = groups?.filter(({ id }) => needs.groups.includes(id)) ?? [];
  if (own.length === 0 || own.some(({ egress }) => egress.some(({ https }) => https))) return [];
  const found = `no rule of ${own.map(({ id }) => id).join(', ')} lets it call out on port 443`;
  return [{ level: 'error', found, advice: 'allow outbound TCP 443 to S3 and to the interface endpoints' }];
}

function judgePaths(needs: NetworkNeeds, view: NetworkView, subnets: readonly SubnetView[]): readonly Judged[] {
  const { routeTables, endpoints } = view;
  if (routeTables === undefined || endpoints === undefined) return [];
  const services = [
    { name: 's3', level: 'error', why: 'the model data cannot be fetched, and a wake hangs until it fails' },
    ...(needs.imagesByVpc
      ? ['ecr.api', 'ecr.dkr'].map((name) => ({ name, level: 'error', why: 'the image is pulled through the VPC' }))
      : []),
    ...(needs.isolated
      ? []
      : [{ name: 'monitoring', level: 'warning', why: 'metrics that the container itself puts are lost; no others' }]),
  ] as const;
  return services.flatMap(({ name, level, why }): readonly Judged[] => {
    const ways = subnets.map((subnet) => ({
      subnet,
      way: findWay(name, needs, subnet, { ...view, routeTables, endpoints }),
    }));
    const without = ways.filter(({ way }) => way.kind === 'none');
    const unsure = ways.filter(({ way }) => way.kind === 'unsure');
    const told = (some: typeof ways) => some.map(({ subnet, way }) => `${subnet.id}${way.why}`).join(', ');
    if (without.length > 0) {
      return [
        {
          level: level as Judged['level'],
          found: `no way to ${name} from ${told(without)}: ${why}`,
          advice: adviceFor(name),
        },
      ];
    }
    if (unsure.length === 0) return [];
    return [
      {
        level: 'warning',
        found: `the way to ${name} from ${told(unsure)} is not followed`,
        advice: 'try it from there',
      },
    ];
  });
}

function adviceFor(service: string): string {
  const dns = 'an interface endpoint with private DNS that admits 443 from its security groups, or a NAT';
  return service === 's3' ? `an S3 gateway endpoint on those route tables (free), ${dns}` : `${dns}`;
}

interface Way {
  readonly kind: 'open' | 'none' | 'unsure';
  /** Follows the subnet's name. */
  readonly why: string;
}
type Readable = NetworkView & Required<Pick<NetworkView, 'routeTables' | 'endpoints'>>;

const OPEN: Way = { kind: 'open', why: '' };

function findWay(service: string, needs: NetworkNeeds, subnet: SubnetView, view: Readable): Way {
  // A subnet without a table of its own follows the VPC's main one.
  const table =
    view.routeTables.find(({ subnets }) => subnets.includes(subnet.id)) ??
    view.routeTables.find(({ main, vpc }) => main && vpc === subnet.vpc);
  const candidates = view.endpoints.filter((endpoint) => endpoint.service === service && endpoint.vpc === subnet.vpc);
  if (table !== undefined && candidates.some(({ gateway, routeTables }) => gateway && routeTables.includes(table.id))) {
    return OPEN;
  }
  const out = table?.wayOut;
  if (out?.startsWith('nat-') === true) return OPEN;
  const obstacles = candidates.map((endpoint) => obstacleOf(endpoint, needs, subnet, view));
  if (obstacles.includes(undefined)) return OPEN;
  // An instance of an endpoint has no public address: an internet gateway leads nowhere.
  if (out !== undefined && !out.startsWith('igw-')) return { kind: 'unsure', why: ` through ${out}` };
  const why = obstacles.length === 0 ? '' : ` (${obstacles.join('; ')})`;
  return { kind: 'none', why };
}

/** Undefined: the endpoint is a way. */
function obstacleOf(
  { id, gateway, privateDns, groups }: VpcEndpointView,
  needs: NetworkNeeds,
  { cidr, vpc }: SubnetView,
  view: Readable,
): string | undefined {
  if (gateway) return `${id} is not on its route table`;
  if (!privateDns) return `${id} has private DNS off`;
  const names = view.vpcs?.find((one) => one.id === vpc);
  if (names !== undefined && !(names.dnsSupport && names.dnsHostnames)) {
    return `${id} has private DNS, and ${vpc} has enableDnsSupport or enableDnsHostnames off`;
  }
  // Groups that could not be read prove nothing against it.
  if (view.groups === undefined) return undefined;
  const rules = view.groups.filter((group) => groups.includes(group.id)).flatMap(({ ingress }) => ingress);
  if (rules.some((rule) => admits(rule, needs.groups, cidr))) return undefined;
  return `${id} admits no TCP 443 from it`;
}

/** What a prefix list holds is not read: it gets the benefit of the doubt. */
function admits({ https, groups, cidrs, prefixLists }: RuleView, from: readonly string[], subnet: string): boolean {
  if (!https) return false;
  return (
    groups.some((id) => from.includes(id)) || prefixLists.length > 0 || cidrs.some((cidr) => contains(cidr, subnet))
  );
}

function contains(outer: string, inner: string): boolean {
  const [network = '', bits = '32'] = outer.split('/');
  const [address = '', innerBits = '32'] = inner.split('/');
  const family = network.includes(':') ? 'ipv6' : 'ipv4';
  if (address === '' || address.includes(':') !== network.includes(':') || Number(bits) > Number(innerBits))
    return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
}
