export const quickView = {
  title: 'Visualizza immagini',
  preparingTitle: 'Vista rapida delle immagini',
  otherMeanwhile:
    'Intanto puoi già guardare le immagini con il visualizzatore completo, più adatto a uno schermo grande.',
  openOther: 'Apri il visualizzatore completo',
}
