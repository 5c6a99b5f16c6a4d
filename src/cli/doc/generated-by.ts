export const generatedBy = '<!-- Made from the code by "npm run docs"; do not edit. -->';
