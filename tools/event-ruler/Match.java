import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.JsonRuleCompiler;
import software.amazon.event.ruler.Machine;

/**
 * Amazon's own rule engine on a pipe: each line of stdin is {"Event": …, "EventPattern": …}; each line of stdout says
 * "true", "false" or "refused: " with the reason.
 */
public final class Match {
  public static void main(String[] arguments) throws Exception {
    var json = new ObjectMapper();
    var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = in.readLine()) != null; ) {
      JsonNode one = json.readTree(line);
      System.out.println(match(one.get("EventPattern").toString(), one.get("Event").toString()));
    }
  }

  private static String match(String pattern, String event) throws Exception {
    String refused = JsonRuleCompiler.check(pattern, false);
    if (refused != null) {
      return "refused: " + refused.replace('\n', ' ');
    }
    // The static Ruler and RuleCompiler speak an older dialect than the service.
    var machine = new Machine();
    machine.addRule("rule", pattern);
    return String.valueOf(!machine.rulesForJSONEvent(event).isEmpty());
  }
}
