import java.util.Locale;

/** Prints `<code point> <upper> <lower>`, in hex with `,` within a mapping, of every code point that maps to anything but itself. */
class CaseMappings {
  public static void main(String[] args) {
    StringBuilder out = new StringBuilder();
    for (int cp = 0; cp <= Character.MAX_CODE_POINT; cp++) {
      if (cp >= Character.MIN_SURROGATE && cp <= Character.MAX_SURROGATE) continue;
      String self = Character.toString(cp);
      String upper = self.toUpperCase(Locale.ROOT);
      String lower = self.toLowerCase(Locale.ROOT);
      if (upper.equals(self) && lower.equals(self)) continue;
      out.append(Integer.toHexString(cp)).append(' ').append(hex(upper)).append(' ').append(hex(lower)).append('\n');
    }
    System.out.print(out);
  }

  private static String hex(String text) {
    StringBuilder out = new StringBuilder();
    text.codePoints().forEach(cp -> out.append(out.length() == 0 ? "" : ",").append(Integer.toHexString(cp)));
    return out.toString();
  }
}
