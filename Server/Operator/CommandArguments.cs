namespace RawSocketChat.Server.Operator;

/// <summary>A command line with a command on it: the server's settings, which may stand anywhere, and the rest.</summary>
/// <param name="Settings">As the configuration takes them: <c>--Data:Path</c>, <c>x</c>.</param>
/// <param name="Words">The command and what belongs to it.</param>
public sealed record CommandArguments(string[] Settings, string[] Words)
{
    private static readonly string[] Questions = ["--help", "-h", "-?", "/?", "/h", "--version"];

    /// <summary>Null where there are settings alone: that is the server's start.</summary>
    public static CommandArguments? Find(string[] args)
    {
        var (settings, words) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            if (!IsSetting(args[i], isBeforeCommand: words.Count == 0))
            {
                words.Add(args[i]);
                continue;
            }

            settings.Add(args[i]);
            if (!args[i].Contains('=') && i + 1 < args.Length)
                settings.Add(args[++i]);
        }

        return words.Count == 0 ? null : new CommandArguments([.. settings], [.. words]);
    }

    // Before the command whatever the configuration takes; after it only what no option of a command looks like.
    private static bool IsSetting(string word, bool isBeforeCommand)
    {
        if (Questions.Contains(word))
            return false;
        if (isBeforeCommand)
            return word.StartsWith("--", StringComparison.Ordinal) || word.StartsWith('/') || word.Contains('=');
        var key = word.Split('=')[0];
        return key.StartsWith("--", StringComparison.Ordinal) && (key.Contains(':') || key.Equals("--urls", StringComparison.OrdinalIgnoreCase));
    }
}
