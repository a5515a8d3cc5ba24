import { expect, test } from 'vitest'
import { sourceBehind } from '../../src/http/source.ts'

const PROXIES = ['10.0.0.1', 'FD00:0:0::1']

test.for([
  ['a visitor of their own', '198.51.100.7', '203.0.113.1', '198.51.100.7'],
  ['one proxy', '10.0.0.1', '203.0.113.1', '203.0.113.1'],
  ['what the visitor wrote in front', '10.0.0.1', '192.0.2.66, 203.0.113.1', '203.0.113.1'],
  ['a chain of proxies', 'fd00::1', '203.0.113.1, 10.0.0.1', '203.0.113.1'],
  ['an IPv6 proxy in another spelling', '10.0.0.1', '203.0.113.1, fd00:0000::0001', '203.0.113.1'],
  // Azure's and other gateways write the port too: each connection would be a source of its own.
  ['a port', '10.0.0.1', '203.0.113.1:51234', '203.0.113.1'],
  ['IPv6 with a port', '10.0.0.1', '[2001:db8::7]:51234', '2001:db8::7'],
  ['IPv6 in brackets', '10.0.0.1', '[2001:DB8:0::7]', '2001:db8::7'],
  ['IPv6 with its zone', '10.0.0.1', 'fe80::1%eth0', 'fe80::1'],
  ['IPv4 in IPv6', '10.0.0.1', '::FFFF:203.0.113.1', '203.0.113.1'],
  ['no address at all', '10.0.0.1', 'unknown', '10.0.0.1'],
  ['no address behind one that was forged', '10.0.0.1', '192.0.2.66, _hidden', '10.0.0.1'],
  ['nothing', '10.0.0.1', '', '10.0.0.1'],
  ['proxies alone', '10.0.0.1', '10.0.0.1', '10.0.0.1'],
])('S42: whose address counts, with %s', ([_, peer, header, source]) => {
  expect(sourceBehind(peer ?? '', header ?? '', PROXIES)).toBe(source)
})
