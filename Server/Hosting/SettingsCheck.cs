using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Transports.Http;
using RawSocketChat.Server.Transports.Origins;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.WebSockets;
using SessionOptions = RawSocketChat.Server.Sessions.SessionOptions;

namespace RawSocketChat.Server.Hosting;

/// <summary>Looks at all settings before anything starts: unknown names, values of the wrong kind, values out of range.</summary>
public static class SettingsCheck
{
    private static readonly Dictionary<string, Type> Sections = new()
    {
        [ConnectionOptions.Section] = typeof(ConnectionOptions),
        [DataOptions.Section] = typeof(DataOptions),
        [DeflateOptions.Section] = typeof(DeflateOptions),
        [HttpOptions.Section] = typeof(HttpOptions),
        [LimitsOptions.Section] = typeof(LimitsOptions),
        [OriginOptions.Section] = typeof(OriginOptions),
        [PlaintextOptions.Section] = typeof(PlaintextOptions),
        [RawTcpOptions.Section] = typeof(RawTcpOptions),
        [RoomOptions.Section] = typeof(RoomOptions),
        [FanoutOptions.Section] = typeof(FanoutOptions),
        [SessionOptions.Section] = typeof(SessionOptions),
        [TlsOptions.Section] = typeof(TlsOptions),
        [TransportOptions.Section] = typeof(TransportOptions),
    };

    /// <exception cref="SettingException">All that is wrong, in one line.</exception>
    public static void Run(IConfiguration configuration)
    {
        var faults = Sections.SelectMany(section => FaultsOf(configuration.GetSection(section.Key), section.Value)).ToList();
        if (faults.Count > 0)
            throw new SettingException(string.Join("; ", faults));
    }

    private static IEnumerable<string> FaultsOf(IConfigurationSection section, Type options)
    {
        var known = options.GetProperties(BindingFlags.Public | BindingFlags.Instance);
        foreach (var given in section.GetChildren())
        {
            var property = known.FirstOrDefault(property => property.Name.Equals(given.Key, StringComparison.OrdinalIgnoreCase));
            if ((property is null ? Unknown(section.Key, given.Key, known) : FaultOf(property, given.Value)) is { } fault)
                yield return $"--{section.Key}:{property?.Name ?? given.Key}: {fault}";
            foreach (var element in property?.GetCustomAttribute<RegularExpressionAttribute>() is { } form ? given.GetChildren().Where(element => !form.IsValid(element.Value)) : [])
                yield return $"--{section.Key}:{property!.Name}:{element.Key}: \"{element.Value}\" {property.GetCustomAttribute<RegularExpressionAttribute>()!.ErrorMessage}";
        }
    }

    private static string Unknown(string section, string name, PropertyInfo[] known)
    {
        var near = Nearest.To(name, known.Select(property => property.Name)) ?? known[0].Name;
        return $"there is no such setting; did you mean --{section}:{near}?";
    }

    private static string? FaultOf(PropertyInfo property, string? value)
    {
        if (value is null)
            return null;
        var range = property.GetCustomAttribute<RangeAttribute>();
        if (property.PropertyType.IsEnum)
            return NamesOf(property.PropertyType).Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"\"{value}\" is not {string.Join(", ", NamesOf(property.PropertyType))}";
        try
        {
            var parsed = TypeDescriptor.GetConverter(property.PropertyType).ConvertFromString(null, CultureInfo.InvariantCulture, value);
            return range is null || range.IsValid(parsed) ? null : $"{value} is not from {range.Minimum} to {range.Maximum}";
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or NotSupportedException)
        {
            return property.PropertyType == typeof(bool) ? $"\"{value}\" is not true or false"
                : range is null ? $"\"{value}\" cannot stand here"
                : $"\"{value}\" is not a whole number from {range.Minimum} to {range.Maximum}";
        }
    }

    private static IEnumerable<string> NamesOf(Type choice) => Enum.GetNames(choice).Select(name => name.ToLowerInvariant());
}
