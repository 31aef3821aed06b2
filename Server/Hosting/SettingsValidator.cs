using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Files.Images;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Push;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Sessions.Jwt;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.Origins;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.WebSockets;
using RawSocketChat.Server.Web;
using RawSocketChat.Server.Webhooks;
using SessionOptions = RawSocketChat.Server.Sessions.SessionOptions;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// Validates all settings before anything starts. Rejects unknown names, values of the wrong type and values out of range.
/// </summary>
public static class SettingsValidator
{
    private static readonly Dictionary<string, Type> Sections = new()
    {
        [AddressOptions.Section] = typeof(AddressOptions),
        [AuthOptions.Section] = typeof(AuthOptions),
        [ConnectionOptions.Section] = typeof(ConnectionOptions),
        [DataOptions.Section] = typeof(DataOptions),
        [DeflateOptions.Section] = typeof(DeflateOptions),
        [HttpOptions.Section] = typeof(HttpOptions),
        [ImageOptions.Section] = typeof(ImageOptions),
        [JwtOptions.Section] = typeof(JwtOptions),
        [LimitsOptions.Section] = typeof(LimitsOptions),
        [OidcOptions.Section] = typeof(OidcOptions),
        [OperatorOptions.Section] = typeof(OperatorOptions),
        [OriginOptions.Section] = typeof(OriginOptions),
        [PlaintextOptions.Section] = typeof(PlaintextOptions),
        [ProxyOptions.Section] = typeof(ProxyOptions),
        [PushOptions.Section] = typeof(PushOptions),
        [RawTcpOptions.Section] = typeof(RawTcpOptions),
        [RoomOptions.Section] = typeof(RoomOptions),
        [FilesOptions.Section] = typeof(FilesOptions),
        [FanoutOptions.Section] = typeof(FanoutOptions),
        [SessionOptions.Section] = typeof(SessionOptions),
        [TlsOptions.Section] = typeof(TlsOptions),
        [TransportOptions.Section] = typeof(TransportOptions),
        [WebhookOptions.Section] = typeof(WebhookOptions),
        [WebOptions.Section] = typeof(WebOptions),
    };

    /// <summary>The names of all sections.</summary>
    internal static IEnumerable<string> SectionNames => Sections.Keys;

    /// <summary>Returns the name of the section as the documents write it; null if there is no such section. Ignores case.</summary>
    internal static string? FindSection(string name) => SectionNames.FirstOrDefault(known => known.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The names of the settings in a section of <see cref="SectionNames"/>.</summary>
    internal static IEnumerable<string> GetNames(string section) => GetProperties(Sections[section]).Select(property => property.Name);

    /// <summary>Validates the configuration.</summary>
    /// <param name="configuration">The configuration from all sources.</param>
    /// <param name="others">Errors that were found elsewhere; null for none.</param>
    /// <exception cref="SettingException">There are errors. The message lists all of them in one line.</exception>
    public static void Validate(IConfiguration configuration, IEnumerable<string>? others = null)
    {
        var errors = (others ?? [])
            .Concat(Sections.SelectMany(section => FindErrors(configuration.GetSection(section.Key), section.Value)))
            .Concat(FindLogLevelErrors(configuration.GetSection("Logging")))
            .ToList();
        if (errors.Count == 0)
            errors.AddRange(StorageSetup.FindErrors(configuration.Read<DataOptions>(DataOptions.Section), configuration.Read<FilesOptions>(FilesOptions.Section)));
        if (errors.Count > 0)
            throw new SettingException(string.Join("; ", errors));
    }

    // Finds the unknown settings and the bad values of a section.
    private static IEnumerable<string> FindErrors(IConfigurationSection section, Type options)
    {
        var known = GetProperties(options);
        // A section may contain another section: Auth contains Auth:Jwt.
        foreach (var given in section.GetChildren().Where(child => FindSection(child.Path) is null))
        {
            var property = known.FirstOrDefault(property => property.Name.Equals(given.Key, StringComparison.OrdinalIgnoreCase));
            if ((property is null ? DescribeUnknownSetting(section.Path, given.Key, known) : FindError(property, given)) is { } error)
                yield return $"--{section.Path}:{property?.Name ?? given.Key}: {error}";
            if (property is not null && !IsList(property) && given.GetChildren().FirstOrDefault() is { } part)
                yield return $"--{part.Path}: there is no such setting; did you mean --{section.Path}:{property.Name}?";
            foreach (var element in property?.GetCustomAttribute<RegularExpressionAttribute>() is { } form ? given.GetChildren().Where(element => !form.IsValid(element.Value)) : [])
                yield return $"--{section.Path}:{property!.Name}:{element.Key}: \"{element.Value}\" {property.GetCustomAttribute<RegularExpressionAttribute>()!.ErrorMessage}";
        }
    }

    private static string DescribeUnknownSetting(string section, string name, PropertyInfo[] known)
    {
        var near = NearestWord.Find(name, known.Select(property => property.Name)) ?? known[0].Name;
        return $"there is no such setting; did you mean --{section}:{near}?";
    }

    private static PropertyInfo[] GetProperties(Type options) => options.GetProperties(BindingFlags.Public | BindingFlags.Instance);

    private static bool IsList(PropertyInfo property) => property.PropertyType == typeof(IList<string>);

    // Finds log levels that do not exist. Otherwise ASP.NET Core would throw an exception for such a level after the start has begun.
    private static IEnumerable<string> FindLogLevelErrors(IConfigurationSection logging) =>
        from levels in logging.GetChildren().Select(child => child.GetSection("LogLevel")).Append(logging.GetSection("LogLevel"))
        from level in levels.GetChildren()
        where level.Value is not null && !Enum.TryParse<LogLevel>(level.Value, ignoreCase: true, out _)
        select $"--{level.Path}: \"{level.Value}\" is not one of {string.Join(", ", Enum.GetNames<LogLevel>())}";

    // Returns the error of a setting's value; null if the value is valid.
    private static string? FindError(PropertyInfo property, IConfigurationSection given)
    {
        var value = given.Value;
        if (property.GetCustomAttribute<RequiredAttribute>() is { } required && !required.IsValid(value))
            return $"the value is empty; try: --{given.Path} data";
        if (value is null)
            return null;
        var range = property.GetCustomAttribute<RangeAttribute>();
        if (property.PropertyType.IsEnum)
            return GetValueNames(property.PropertyType).Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"\"{value}\" is not one of {string.Join(", ", GetValueNames(property.PropertyType))}";
        try
        {
            var parsed = TypeDescriptor.GetConverter(property.PropertyType).ConvertFromString(null, CultureInfo.InvariantCulture, value);
            return range is null || range.IsValid(parsed) ? null : $"{value} is not between {range.Minimum} and {range.Maximum}";
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or NotSupportedException)
        {
            return property.PropertyType == typeof(bool) ? $"\"{value}\" is not true or false"
                : range is null ? $"\"{value}\" is not a valid value"
                : $"\"{value}\" is not a whole number between {range.Minimum} and {range.Maximum}";
        }
    }

    private static IEnumerable<string> GetValueNames(Type enumType) => Enum.GetNames(enumType).Select(name => name.ToLowerInvariant());
}
