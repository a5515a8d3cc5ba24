import { DeskLayout, type Frame } from './layout.tsx'

export type Confirmed = 'consenso' | 'pin1' | 'ritira' | 'escludi'

type Props = {
  frame: Frame
  what: Confirmed
  /** Whose visit, and which exam. */
  about: string
  action: string
  fields?: Record<string, string> | undefined
  back: string
}

/** Asks once before what cannot be undone. Enter says yes: the button has the focus. */
export function ConfirmPage({ frame, what, about, action, fields = {}, back }: Props) {
  const { confirm } = frame.site.messages.deskVisits.visit
  const { heading, text } = confirm[what]
  return (
    <DeskLayout {...frame} title={confirm.title} here="search">
      <div class="desk-narrow">
        <h1>{heading}</h1>
        <p>
          <strong>{about}</strong>
        </p>
        <p>{text}</p>
        <form method="post" action={action} class="desk-exam-acts">
          {Object.entries({ ...fields, conferma: 'si' }).map(([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ))}
          <button type="submit" class="btn btn-primary" autofocus>
            {confirm.yes}
          </button>
          <a href={back} class="btn btn-outline-primary">
            {confirm.no}
          </a>
        </form>
      </div>
    </DeskLayout>
  )
}
