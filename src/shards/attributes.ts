/**
 * What the light viewer is told about an instance: a small DICOM-JSON (PS3.18 §F) of the attributes named here.
 * The server writes it into a shard's index, the browser makes it from a file: nothing of Node, nothing of the DOM.
 *
 * - The key is the tag in eight upper-case hexadecimal digits; empty and absent elements are left out.
 * - A value is always a list: decoded texts (by Specific Character Set, trimmed) for texts, dates, UIDs and codes;
 *   numbers for DS, IS and binary numbers; records for the items of a sequence.
 * - VR 'bytes': one text, the bytes as base64, 16-bit words little endian.
 * - VR 'US' holds where the standard says "US or SS": the 16 bits unsigned; readers of the record give them a sign.
 */
export interface Attributes {
  readonly [tag: string]: AttributeValue | undefined
}

export type AttributeValue = readonly (string | number)[] | readonly Attributes[]

/** How the value of a kept element is read, whatever VR the file writes. */
export type KeptVr = 'text' | 'DS' | 'IS' | 'US' | 'UL' | 'SL' | 'SS' | 'FL' | 'FD' | 'SQ' | 'bytes'

/** A value longer than this is left out: the longest in use are frames' functional groups, overlays and tables of greys. */
export function longestValue(tag: string): number {
  if (keptVr(tag) === 'SQ') return 64 * MIB
  // Of an electrocardiogram's twelve leads, a minute and a half at 1000 Hz; days of one lead are no sheet of paper.
  return (tag === '54001010' ? 2 : 4) * MIB
}

const MIB = 2 ** 20

/** How to read the element, or undefined where the viewer has no use for it. At every depth of nesting. */
export function keptVr(tag: string): KeptVr | undefined {
  // Overlay planes and curves come in repeating groups, 6000 to 601E even (PS3.5 §7.6).
  if (/^60[01][02468ACE]/.test(tag)) return KEPT[`6000${tag.slice(4)}`]
  return KEPT[tag]
}

/** One instance as it is handed to the viewer. */
export interface InstanceRecord {
  /** The source's own name for it, with which it finds the frames again. */
  readonly key: string
  readonly transferSyntaxUid: string
  readonly attributes: Attributes
}

const text = (tags: string): Record<string, KeptVr> => all(tags, 'text')

function all(tags: string, vr: KeptVr): Record<string, KeptVr> {
  return Object.fromEntries(
    tags
      .trim()
      .split(/\s+/)
      .map((tag) => [tag, vr]),
  )
}

const KEPT: Readonly<Record<string, KeptVr>> = {
  // Patient, study, series, instance (PS3.3 §C.7.1–C.7.3).
  ...text(`00080005 00080008 00080016 00080018 00080020 00080021 00080022 00080023 0008002A 00080030 00080031
    00080032 00080033 00080050 00080060 00080064 00080070 00080080 00081030 0008103E 00081090 00082111
    00100010 00100020 00100030 00100040 00180015 00180050 00181030 00185100 00185101
    0020000D 0020000E 00200010 00200020 00200052 00200060 00200062 00204000`),
  ...all('00200011 00200012 00200013 00280008', 'IS'),
  // The files that a DICOMDIR names (§F.3).
  ...all('00041220', 'SQ'),
  ...text('00041500'),
  // Codes and titles of documents and references between instances.
  ...text('00080100 00080104 00081150 00081155 00420010 00420012 0040A040 0040A160 0040A010'),
  ...all('00081115 00081140 00081199', 'SQ'),
  ...all('00081160', 'IS'),
  // Structured reports (§A.35, §C.17): the words of their content tree. Numbers stay as they were written.
  ...all('004008EA 0040A043 0040A073 0040A078 0040A168 0040A300 0040A730', 'SQ'),
  ...text('0040A075 0040A120 0040A121 0040A122 0040A123 0040A30A 0040A491 0040A493'),
  // Waveforms (§C.10.9): electrocardiograms, with what the apparatus noted of them.
  ...all('54000100 003A0200 003A0208 003A0211 0040B020', 'SQ'),
  ...all('003A0005 003A021A 54001004', 'US'),
  ...all('003A0010', 'UL'),
  ...all('00181068 003A001A 003A0210 003A0212 003A0213 003A0214 003A0215 003A0220 003A0221 003A0222', 'DS'),
  ...text('003A0004 003A0020 003A0203 54001006 00700006'),
  ...all('5400100A 54001010', 'bytes'),
  // Plane, spacing and calibration (§C.7.6.2, §10.7).
  ...all(
    '00180088 00181164 00180050 00181110 00181111 00181114 00200032 00200037 00201041 00280030 00280034',
    'DS',
  ),
  ...text('00280A02 00280A04'),
  // Ultrasound regions (§C.8.5.5): their physical deltas measure.
  ...all('00186011', 'SQ'),
  ...all('00186012 00186014 00186024 00186026', 'US'),
  ...all('00186018 0018601A 0018601C 0018601E', 'UL'),
  ...all('0018602C 0018602E', 'FD'),
  // Image pixel (§C.7.6.3), padding, palette, lossy compression.
  ...all(
    '00280002 00280006 00280010 00280011 00280100 00280101 00280102 00280103 00280106 00280107 00280120 00280121',
    'US',
  ),
  ...text('00280004 00280301 00282110 00282112 00282114'),
  ...all('00281101 00281102 00281103', 'US'),
  ...all('00281201 00281202 00281203 00281221 00281222 00281223', 'bytes'),
  // Modality and VOI LUT (§C.11), their texts.
  ...all('00281050 00281051 00281052 00281053', 'DS'),
  ...text('00281054 00281055 00281056 00283003 00283004'),
  ...all('00283000 00283010 00283110 20500010', 'SQ'),
  ...all('00283002', 'US'),
  ...all('00283006', 'bytes'),
  ...text('20500020'),
  // Cine (§C.7.6.5).
  ...all('00181063 00181065', 'DS'),
  ...all('00082144 00180040 00181244', 'IS'),
  ...all('00280009', 'US'),
  // Shutter (§C.7.6.11).
  ...text('00181600'),
  ...all('00181602 00181604 00181606 00181608 00181610 00181612 00181620', 'IS'),
  ...all('00181622', 'US'),
  // Multi-frame functional groups (§C.7.6.16).
  ...all('52009229 52009230 00209111 00209113 00209116 00289110 00289132 00289145', 'SQ'),
  ...text('00209056 00189073 00189074 00209071 00209072'),
  ...all('00209057 00209157', 'UL'),
  // Overlay plane (§C.9.2).
  ...all('60000010 60000011 60000100 60000102', 'US'),
  ...all('60000050', 'SS'),
  ...all('60000015', 'IS'),
  ...all('60000051', 'US'),
  ...text('60000040 60000022 60001500'),
  ...all('60003000', 'bytes'),
  // Presentation states: rotation, flip (§C.10.6), the images that are blended (§C.11.14).
  ...all('00700402', 'SQ'),
  ...all('00700042', 'US'),
  ...text('00700041 00700080 00700081'),
}
