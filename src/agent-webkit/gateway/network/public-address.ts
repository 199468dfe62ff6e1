import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/**
 * The IPv4 ranges that are not public, from the IANA registry of special-purpose addresses, and multicast.
 * Most metadata services of clouds are in them, for example 169.254.169.254 and 100.100.100.200.
 */
const SPECIAL_IPV4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // between providers and their customers
  '127.0.0.0/8', // loopback
  '168.63.129.16/32', // the host of virtual machines in Azure
  '169.254.0.0/16', // link-local
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // relays of 6to4
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarking
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, and broadcast
];

/**
 * The only public addresses of IPv6. Outside are loopback, link-local, unique-local, multicast, NAT64, and IPv4
 * addresses in any spelling as IPv6.
 */
const GLOBAL_IPV6 = '2000::/3';

/** The ranges inside it that are not public. */
const SPECIAL_IPV6 = [
  '2001::/23', // protocol assignments, among them Teredo, benchmarking and ORCHID
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which contains an IPv4 address
  '3fff::/20', // documentation
];

const special = blockList([...SPECIAL_IPV4, ...SPECIAL_IPV6]);
const globalIPv6 = blockList([GLOBAL_IPV6]);

/** Returns true when an IP address is one of the public internet, and not one of this machine. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4') && !isOwnAddress(address);
  // A zone, as in fe80::1%eth0, selects a network of this machine.
  if (!isIPv6(address) || address.includes('%')) return false;
  return (
    globalIPv6.check(address, 'ipv6') && !special.check(address, 'ipv6') && !isOwnAddress(address)
  );
}

/** Services of this machine may trust connections from itself, also to its public address. */
function isOwnAddress(address: string): boolean {
  const own = new BlockList();
  for (const { address: local, family } of Object.values(networkInterfaces()).flatMap(
    (addresses) => addresses ?? [],
  )) {
    own.addAddress(local.replace(/%.*$/, ''), family === 'IPv4' ? 'ipv4' : 'ipv6');
  }
  return own.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), isIPv4(network) ? 'ipv4' : 'ipv6');
  }
  return list;
}
