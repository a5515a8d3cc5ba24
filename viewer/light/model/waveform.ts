import type { Attributes } from '../../../src/shards/attributes.ts'
import type { WaveformChannel, WaveformGroup } from './model.ts'
import { bytes, items, number, text } from './record.ts'

/** The waveforms of an instance (PS3.3 §C.10.9), in physical units; or why they cannot be drawn. */
export function waveformsOf(attributes: Attributes): WaveformGroup[] | string {
  const groups: WaveformGroup[] = []
  for (const item of items(attributes, '54000100')) {
    const group = groupOf(item)
    if (typeof group === 'string') return group
    groups.push(group)
  }
  return groups.length > 0 ? groups : 'Waveform Sequence'
}

function groupOf(item: Attributes): WaveformGroup | string {
  const frequency = number(item, '003A001A') ?? 0
  const definitions = items(item, '003A0200')
  const channels = number(item, '003A0005') ?? 0
  const samples = number(item, '003A0010') ?? 0
  const form = FORMS[`${number(item, '54001004') ?? 0} ${text(item, '54001006')}`]
  const data = bytes(item, '54001010')
  if (!form)
    return `${text(item, '54001006')} ${number(item, '54001004') ?? ''}`.trim() || 'Waveform Bits Allocated'
  if (frequency <= 0 || channels < 1 || definitions.length !== channels) return 'Channel Definition Sequence'
  // Left out by whoever read the file: hours of a recorder.
  if (!data) return 'Waveform Data: 0 / > 2 MiB'
  if (data.byteLength < samples * channels * form.size) return `Waveform Data: ${data.byteLength}`
  const view = new DataView(data.buffer)
  const padding = paddingOf(item, form)
  return {
    label: text(item, '003A0020'),
    frequency,
    channels: definitions.map((definition, at) => {
      const { unit, scale } = unitOf(text(items(definition, '003A0211')[0], '00080100'))
      const factor = (number(definition, '003A0210') ?? 1) * (number(definition, '003A0212') ?? 1)
      const baseline = number(definition, '003A0213') ?? 0
      const values = Float32Array.from({ length: samples }, (_, sample) => {
        // Sample by sample, in each the channels in turn (§C.10.9.1.7).
        const stored = form.read(view, (sample * channels + at) * form.size)
        return stored === padding ? Number.NaN : (stored * factor + baseline) * scale
      })
      return { label: labelOf(definition, at), unit, values, filters: filtersOf(definition) }
    }),
  }
}

interface Form {
  readonly size: number
  read(view: DataView, at: number): number
}

// PS3.3 §C.10.9.1.5. Companded sound (MB, AB) is nothing to draw.
const FORMS: Readonly<Record<string, Form>> = {
  '8 SB': { size: 1, read: (view, at) => view.getInt8(at) },
  '8 UB': { size: 1, read: (view, at) => view.getUint8(at) },
  '16 SS': { size: 2, read: (view, at) => view.getInt16(at, true) },
  '16 US': { size: 2, read: (view, at) => view.getUint16(at, true) },
}

function paddingOf(item: Attributes, form: Form): number | null {
  const value = bytes(item, '5400100A')
  return value && value.byteLength >= form.size ? form.read(new DataView(value.buffer), 0) : null
}

const VOLTS: Readonly<Record<string, number>> = { uV: 1e-3, mV: 1, V: 1e3 }

function unitOf(code: string): { unit: string; scale: number } {
  const scale = VOLTS[code]
  return scale === undefined ? { unit: code, scale: 1 } : { unit: 'mV', scale }
}

// “Lead I (Einthoven)” is I to everybody.
function labelOf(definition: Attributes, at: number): string {
  const source = text(items(definition, '003A0208')[0], '00080104')
  const label = text(definition, '003A0203') || source
  return label.replace(/^lead\s+/i, '').replace(/\s*\(.*\)$/, '') || String(at + 1)
}

const filtersOf = (definition: Attributes): WaveformChannel['filters'] => ({
  low: number(definition, '003A0220'),
  high: number(definition, '003A0221'),
  notch: number(definition, '003A0222'),
})
