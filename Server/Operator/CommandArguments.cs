namespace RawSocketChat.Server.Operator;

/// <summary>A command line that contains a command. Settings of the server may come before and after the words of the command.</summary>
/// <param name="Settings">The settings, as the configuration reads them: <c>--Data:Path</c>, <c>x</c>.</param>
/// <param name="Words">The command, its arguments and its options.</param>
public sealed record CommandArguments(string[] Settings, string[] Words)
{
    private static readonly string[] HelpOptions = ["--help", "-h", "-?", "/?", "/h", "--version"];

    /// <summary>Splits a command line. Returns null if the line contains only settings. Such a line starts the server.</summary>
    public static CommandArguments? Parse(string[] args)
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

    // Before the command, every word that the configuration accepts is a setting. The configuration accepts no option with one hyphen. After the
    // command, only --Section:Name, --urls and --PathBase are settings, because no option of a command has such a form.
    private static bool IsSetting(string word, bool isBeforeCommand)
    {
        if (HelpOptions.Contains(word))
            return false;
        if (isBeforeCommand)
            return word.StartsWith("--", StringComparison.Ordinal) || word.StartsWith('/') || (word.Contains('=') && !word.StartsWith('-'));
        var key = word.Split('=')[0];
        return key.StartsWith("--", StringComparison.Ordinal) && (key.Contains(':') || key.Equals("--urls", StringComparison.OrdinalIgnoreCase) || key.Equals("--PathBase", StringComparison.OrdinalIgnoreCase));
    }
}
