using System.Globalization;
using System.Reflection;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>The tables of Server/docs/settings.md agree with the options classes.</summary>
public sealed class SettingsDocumentTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository.Root, "Server", "docs", "settings.md"));

    // "| `Section:Name` | default | values | effect |"
    private static readonly ILookup<string, Row> Rows = Lines
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Trim('|', ' ').Split(" | "))
        .Where(cells => cells.Length == 4)
        .Select(cells => new Row(cells[0].Trim('`'), cells[1].Trim('`'), cells[2], cells[3]))
        .ToLookup(row => row.Key);

    private static IEnumerable<Setting> Settings() =>
        from type in typeof(Server.Program).Assembly.GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue()
        where section is not null
        let defaults = Activator.CreateInstance(type)
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        select new Setting($"{section}:{property.Name}", property, property.GetValue(defaults));

    [TestCaseSource(nameof(Settings))]
    public void Document_has_each_setting_with_its_default_and_values(Setting setting)
    {
        Rows[setting.Key].Should().ContainSingle("Server/docs/settings.md has one row for each setting");
        var row = Rows[setting.Key].Single();
        row.Default.Should().Be(setting.DefaultText);
        row.Effect.Should().NotBeNullOrWhiteSpace();
        // A unit may follow a range.
        if (setting.ValuesText is { } values)
            (row.Values + " ").Should().StartWith(values + " ");
        else
            row.Values.Should().NotBeNullOrWhiteSpace();
    }

    [Test]
    public void Document_has_only_existing_settings() =>
        Rows.Select(rows => rows.Key).Should().BeEquivalentTo([.. Settings().Select(setting => setting.Key), "urls", MountPath.Setting]);

    [Test]
    public void Document_has_the_default_addresses() => Rows["urls"].Single().Default.Should().Be(ListenerSetup.DefaultUrls);

    [Test]
    public void Validator_accepts_each_section() =>
        SettingsValidator.SectionNames.Should().BeEquivalentTo(Settings().Select(setting => setting.Key[..setting.Key.LastIndexOf(':')]).Distinct());

    public sealed record Setting(string Key, PropertyInfo Property, object? Default)
    {
        public string DefaultText => Default switch
        {
            null or IList<string> => "none",
            bool or Enum => Default.ToString()!.ToLowerInvariant(),
            _ => Convert.ToString(Default, CultureInfo.InvariantCulture)!,
        };

        public string? ValuesText =>
            Property.GetCustomAttribute<System.ComponentModel.DataAnnotations.RangeAttribute>() is { } range ? $"{range.Minimum} to {range.Maximum}"
            : Property.PropertyType.IsEnum ? string.Join(", ", Enum.GetNames(Property.PropertyType)).ToLowerInvariant()
            : Property.PropertyType == typeof(bool) ? "true, false"
            : null;

        public override string ToString() => Key;
    }

    private sealed record Row(string Key, string Default, string Values, string Effect);
}
