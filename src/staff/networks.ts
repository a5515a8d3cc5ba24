import { BlockList, isIP } from 'node:net'

/** Reads a list of addresses and networks ('10.0.0.0/8, 192.0.2.7, 2001:db8::/32'); null where one is none. */
export function readNetworks(list: string): string[] | null {
  const items = list.split(',').flatMap((item) => item.trim() || [])
  return items.every(isNetwork) ? items : null
}

/** Is an address in one of the networks? Every address is where no network is named. */
export function inNetworks(networks: readonly string[]): (address: string) => boolean {
  if (networks.length === 0) return () => true
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    list.addSubnet(address, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function isNetwork(item: string): boolean {
  const [address = '', bits, ...rest] = item.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}
