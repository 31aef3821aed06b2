using RawSocketChat.Protocol.Chat;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// The settings that the operator has given on the command line and in <c>RSC_</c> variables. .NET ignores a setting that nothing reads, so a
/// mistyped setting would have no effect. This class finds such settings.
/// </summary>
internal static class GivenSettings
{
    public const string EnvironmentPrefix = "RSC_";

    // Settings without a section: those of this server, of ASP.NET Core and of .NET's host.
    private static readonly string[] TopLevelKeys =
    [
        "urls", MountPath.Setting, "environment", "contentRoot", "applicationName", "webRoot", "AllowedHosts", "shutdownTimeoutSeconds", "detailedErrors",
        "captureStartupErrors", "suppressStatusMessages", "preventHostingStartup", "hostingStartupAssemblies", "hostingStartupExcludeAssemblies",
    ];

    private static readonly string[] FrameworkSections = ["Logging", "Kestrel", "hostBuilder"];

    /// <summary>Returns an error for each key that does not belong to a setting, and for an option without a value.</summary>
    /// <param name="args">The options of the command line.</param>
    /// <param name="environment">The <c>RSC_</c> variables, without the prefix.</param>
    public static IEnumerable<string> FindErrors(string[] args, IConfiguration environment)
    {
        for (var i = 0; i < args.Length; i++)
        {
            // CommandLineConfigurationProvider accepts --key value, /key value, --key=value, /key=value and key=value.
            var separator = args[i].IndexOf('=');
            var key = (separator < 0 ? args[i] : args[i][..separator]) switch
            {
                ['-', '-', .. var name] => name,
                ['/', .. var name] => name,
                var name => name,
            };
            if (DescribeUnknown(key, name => $"--{name}") is { } error)
                yield return error;
            else if (separator < 0 && i + 1 == args.Length)
                yield return $"--{key}: the value is missing";
            if (separator < 0)
                i++;
        }

        foreach (var (key, value) in environment.AsEnumerable())
        {
            if (value is not null && (key.Contains(':', StringComparison.Ordinal) || LacksSection(key)) && DescribeUnknown(key, GetVariable) is { } error)
                yield return error;
        }
    }

    // Returns null if the key may be a setting. SettingsValidator checks the names inside the known sections.
    private static string? DescribeUnknown(string key, Func<string, string> format)
    {
        var section = key.Split(':')[0];
        var isSection = section.Length == key.Length;
        if (TopLevelKeys.Contains(key, StringComparer.OrdinalIgnoreCase) || (!isSection && FrameworkSections.Contains(section, StringComparer.OrdinalIgnoreCase)))
            return null;
        if (SettingsValidator.FindSection(section) is not { } known)
            return $"{format(key)}: there is no such setting; {Suggest(key, format)}";
        return isSection ? $"{format(key)}: this is a section of settings; did you mean {format($"{known}:{SettingsValidator.GetNames(known).First()}")}?" : null;
    }

    private static string Suggest(string key, Func<string, string> format) =>
        FindNear(key, format) is { } near ? $"did you mean {near}?" : "Server/docs/settings.md lists all settings, and --help the most important ones";

    // Returns the settings that are most similar to an unknown key; null if none is similar.
    private static string? FindNear(string key, Func<string, string> format)
    {
        if (key.Equals("port", StringComparison.OrdinalIgnoreCase))
            return $"{format("urls")} (HTTP) or {format("RawTcp:Port")}";
        var parts = key.Split(':', 2);
        var near = parts.Length == 2 ? FindInSection(parts[0], parts[1]) : NearestWord.Find(key, TopLevelKeys) ?? FindByName(key);
        return near is null ? null : format(near);
    }

    // Looks for a similar name in the most similar section, and then for the exact name in all sections.
    private static string? FindInSection(string section, string name)
    {
        var near = NearestWord.Find(section, SettingsValidator.SectionNames);
        var inNear = near is null ? null : NearestWord.Find(name, SettingsValidator.GetNames(near));
        return inNear is not null ? $"{near}:{inNear}"
            : GetKeys().FirstOrDefault(key => HasName(key, name)) ?? (near is null ? null : $"{near}:{SettingsValidator.GetNames(near).First()}");
    }

    // Finds the setting if the operator left out the section (TextLength), or wrote one underscore instead of two (DATA_PATH).
    private static string? FindByName(string name) =>
        GetKeys().FirstOrDefault(key => IsKey(key, name))
        ?? (NearestWord.Find(name, GetKeys().Select(key => key[(key.LastIndexOf(':') + 1)..])) is { } similar ? GetKeys().First(key => HasName(key, similar)) : null);

    // A variable without a section may belong to another program. So the variable counts as a mistyped setting only if its name is "port", is similar
    // to a setting without a section, or is the name of a setting in a section.
    private static bool LacksSection(string variable) =>
        variable.Equals("port", StringComparison.OrdinalIgnoreCase) || NearestWord.Find(variable, TopLevelKeys) is not null || GetKeys().Any(key => IsKey(key, variable));

    private static bool IsKey(string key, string name) => key.Replace(':', '_').Equals(name, StringComparison.OrdinalIgnoreCase) || HasName(key, name);

    private static bool HasName(string key, string name) => key[(key.LastIndexOf(':') + 1)..].Equals(name, StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> GetKeys() => SettingsValidator.SectionNames.SelectMany(section => SettingsValidator.GetNames(section).Select(name => $"{section}:{name}"));

    private static string GetVariable(string key) => EnvironmentPrefix + key.Replace(":", "__", StringComparison.Ordinal);
}
