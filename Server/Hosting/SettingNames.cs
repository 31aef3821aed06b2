using System.Reflection;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Server.Connections;
using RawSocketChat.Server.Rooms;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Transports.RawTcp;
using RawSocketChat.Server.Transports.WebSockets;
using SessionOptions = RawSocketChat.Server.Sessions.SessionOptions;

namespace RawSocketChat.Server.Hosting;

/// <summary>Finds settings that would be ignored because their names are not known, before they are missed.</summary>
public static class SettingNames
{
    private static readonly Dictionary<string, Type> Sections = new(StringComparer.OrdinalIgnoreCase)
    {
        [ConnectionOptions.Section] = typeof(ConnectionOptions),
        [LimitsOptions.Section] = typeof(LimitsOptions),
        [OriginOptions.Section] = typeof(OriginOptions),
        [PlaintextOptions.Section] = typeof(PlaintextOptions),
        [RawTcpOptions.Section] = typeof(RawTcpOptions),
        [RoomOptions.Section] = typeof(RoomOptions),
        [SessionOptions.Section] = typeof(SessionOptions),
    };

    /// <exception cref="SettingException">A name in one of the server's own sections that it does not know.</exception>
    public static void Check(IConfiguration configuration)
    {
        foreach (var (section, options) in Sections)
        {
            var known = options.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name).ToList();
            foreach (var given in configuration.GetSection(section).GetChildren())
            {
                if (known.Contains(given.Key, StringComparer.OrdinalIgnoreCase))
                    continue;
                var near = Nearest.To(given.Key, known) ?? known[0];
                throw new SettingException($"--{section}:{given.Key}: there is no such setting; did you mean --{section}:{near}?");
            }
        }
    }
}
