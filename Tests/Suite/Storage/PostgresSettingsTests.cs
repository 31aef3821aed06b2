using Microsoft.Extensions.Configuration;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Postgres;

namespace RawSocketChat.Tests.Storage;

public sealed class PostgresSettingsTests
{
    private const string Valid = "Host=db1;Database=chat;Username=chat;Password=s3cret";

    [TestCase("Postgres", "s3cret", "--Data:Postgres: this is not a connection string; try: *")]
    [TestCase("Postgres", "Host=db1;Database=chat;Passwort=s3cret", "--Data:Postgres: this is not a connection string; try: *")]
    [TestCase("Postgres", "Host=db1;Database=chat;Port=s3cret", "--Data:Postgres: this is not a connection string; try: *")]
    [TestCase("Postgres", "Host=db1;Password=s3cret", "--Data:Postgres: the host or the database is missing; try: *")]
    [TestCase("Postgres", "", "--Data:Postgres: the host or the database is missing; try: *")]
    [TestCase("Durability", "none", "--Data:Postgres: --Data:Durability none can't be combined with it, because none keeps messages only in memory; remove one of the two")]
    [TestCase("MaxBytes", "1000000", "--Data:MaxBytes: limits a SQLite database only; *")]
    [TestCase("MaxWalMegabytes", "5", "--Data:MaxWalMegabytes: limits the log of a SQLite database only; *")]
    public void Error_about_a_bad_setting_names_the_setting_and_not_the_password(string name, string value, string expected)
    {
        var validate = () => SettingsValidator.Validate(Configure(("Postgres", Valid), (name, value)));
        validate.Should().Throw<SettingException>().WithMessage(expected).Which.Message.Should().NotContain("s3cret");
    }

    [Test]
    public void Settings_that_work_with_PostgreSQL_are_accepted() =>
        SettingsValidator.Validate(Configure(("Postgres", Valid), ("Durability", "process"), ("KeepDays", "5"), ("KeepEvents", "10")));

    [TestCase("Host=db1;Database=chat", "the PostgreSQL database \"chat\" on db1:5432")]
    [TestCase("Host=db1:5433,db2;Database=chat", "the PostgreSQL database \"chat\" on db1:5433,db2")]
    [TestCase("Host=/run/postgresql;Database=chat;Password=s3cret", "the PostgreSQL database \"chat\" on /run/postgresql:5432")]
    public void Description_names_the_database_and_its_hosts(string text, string expected) => PostgresSettings.Describe(PostgresSettings.Parse(text)).Should().Be(expected);

    [Test]
    public void Primary_is_used_if_the_connection_string_has_several_hosts()
    {
        PostgresSettings.Parse("Host=db1,db2;Database=chat").TargetSessionAttributes.Should().Be("primary");
        PostgresSettings.Parse("Host=db1,db2;Database=chat;Target Session Attributes=read-write").TargetSessionAttributes.Should().Be("read-write");
    }

    [Test]
    public void Defaults_do_not_replace_the_values_in_the_connection_string_of_the_operator()
    {
        var parsed = PostgresSettings.Parse("Host=db1;Database=chat;Timeout=3;CommandTimeout=90");
        (parsed.Timeout, parsed.CommandTimeout, parsed.Pooling).Should().Be((3, 90, false));
        PostgresSettings.Parse("Host=db1;Database=chat").CommandTimeout.Should().Be(15);
    }

    private static IConfiguration Configure(params (string Name, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"{DataOptions.Section}:{setting.Name}", (string?)setting.Value))
            .GroupBy(setting => setting.Key).Select(group => group.Last())).Build();
}
