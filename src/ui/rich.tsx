import type { HelpBlock } from '../messages/it/help-images.ts'

/** Writes the catalogue's small markup: paragraphs and lists with [words](address) and **words**. */
export function RichText({ blocks }: { blocks: HelpBlock[] }) {
  return (
    <>
      {blocks.map((block) => {
        if (typeof block === 'string')
          return (
            <p>
              <RichLine text={block} />
            </p>
          )
        if ('steps' in block) return <ol>{block.steps.map(item)}</ol>
        return <ul>{block.list.map(item)}</ul>
      })}
    </>
  )
}

/** One line of the catalogue's markup. Texts are escaped; only http(s), mailto and own addresses become links. */
export function RichLine({ text }: { text: string }) {
  return (
    <>
      {text.split(/(\*\*[^*]+\*\*|\[[^\]]+\]\([^)\s]+\))/).map((part) => {
        const strong = /^\*\*([^*]+)\*\*$/.exec(part)
        if (strong) return <strong>{strong[1]}</strong>
        const link = /^\[([^\]]+)\]\(((?:https?:\/\/|mailto:|\/)[^)\s]+)\)$/.exec(part)
        if (link) return <a href={link[2]}>{link[1]}</a>
        return part
      })}
    </>
  )
}

const item = (text: string) => (
  <li>
    <RichLine text={text} />
  </li>
)
