import type { IconName } from './icons.ts'
import type { Site } from './site.ts'

type IconProps = { site: Pick<Site, 'asset'>; name: IconName; class?: string }

/** A decorative icon: the words beside it say what it means, so it is hidden from assistive technology. */
export function Icon({ site, name, class: classes = '' }: IconProps) {
  return (
    <svg class={`icon ${classes}`} aria-hidden="true" focusable="false">
      <use href={`${site.asset('icons.svg')}#${name}`} />
    </svg>
  )
}
